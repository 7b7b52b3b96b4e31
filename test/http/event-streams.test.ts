/** Server-sent events in both modes of the graphql-sse protocol, by the client of npm's graphql-sse. */
import { type Client, type ClientOptions, createClient, type ExecutionResult } from 'graphql-sse';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mostOperations } from '../../src/http/connection-refusals.ts';
import { eventsIn, follow, headers, numbered, openPlace, type Place, postEvents } from './place.ts';
import { seenThroughRestart } from './restarted.ts';

let place: Place;
const clients: Client<true>[] = [];
beforeAll(async () => {
  place = await openPlace();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});
afterAll(() => place.close());

const address = () => `${place.url}/graphql/stream`;

function open(options: Partial<ClientOptions<true>> = {}): Client<true> {
  const client = createClient<true>({ url: address(), singleConnection: true, retryAttempts: 0, ...options });
  clients.push(client);
  return client;
}

async function all(client: Client<never>, query: string, variables = {}, extensions = {}): Promise<ExecutionResult[]> {
  const results: ExecutionResult[] = [];
  for await (const result of client.iterate({ query, variables, extensions })) results.push(result as ExecutionResult);
  return results;
}

const seqsOf = (results: readonly ExecutionResult[]) =>
  results.map(({ data }) => (data as unknown as { runEvents: { seq: number } }).runEvents.seq);
const from = (first: number, length: number) => Array.from({ length }, (_, i) => first + i);

describe('distinct connections', () => {
  it('number their events, whatever is selected, and go on behind the one that the reader names', async () => {
    const run = await place.run();
    const whole = eventsIn(await (await postEvents(place.url, { query: follow, variables: { id: run } })).text());
    const events = whole.slice(0, -1);
    expect(events.map(([id]) => id)).toEqual(from(1, events.length).map(String));
    expect(events.at(-1)).toEqual([`${events.length}`, 'next', '{"data":{"runEvents":{"__typename":"RunEnded"}}}']);
    expect(whole.at(-1)).toEqual([undefined, 'complete', '']);
    for (const [own, extensions] of [
      [{ 'last-event-id': '4' }, {}],
      [{}, { lastEventId: 4 }],
    ] as const) {
      const body = { query: follow, variables: { id: run, after: 2 }, extensions };
      const rest = eventsIn(await (await postEvents(place.url, body, own)).text());
      expect(rest.map(([id]) => id)).toEqual([...from(5, events.length - 4).map(String), undefined]);
    }
  });

  it('refuse a position that is none', async () => {
    const run = await place.run();
    const body = { query: follow, variables: { id: run } };
    for (const id of ['x', '-1', '1.5', '99999999999999999999', '1000000']) {
      const text = await (await postEvents(place.url, body, { 'last-event-id': id })).text();
      expect(text).toContain('"code":"BAD_USER_INPUT"');
    }
  });

  it('serve the client of graphql-sse, at both addresses', async () => {
    const run = await place.run();
    for (const url of [`${place.url}/graphql`, address()]) {
      const client = createClient({ url, retryAttempts: 0, headers: { 'x-graphql-yoga-csrf': '1' } });
      const seqs = seqsOf(await all(client as Client<never>, numbered, { id: run }));
      expect(seqs).toEqual(from(1, seqs.length));
      expect(await all(client as Client<never>, '{ __typename }')).toEqual([{ data: { __typename: 'Query' } }]);
      client.dispose();
    }
  });
});

describe('a single connection', () => {
  it('carries queries, mutations and subscriptions, side by side', async () => {
    const [client, run] = [open() as Client<never>, await place.run()];
    const asked = Array.from({ length: 20 }, () => all(client, '{ __typename }'));
    const followed = await all(client, numbered, { id: run });
    for (const answer of await Promise.all(asked)) expect(answer).toEqual([{ data: { __typename: 'Query' } }]);
    expect(seqsOf(followed)).toEqual(from(1, followed.length));
    expect(followed.map(({ extensions }) => extensions?.['eventId'])).toEqual(from(1, followed.length).map(String));
    expect(seqsOf(await all(client, numbered, { id: run }, { lastEventId: '4' }))).toEqual(
      from(5, followed.length - 4),
    );
    const [unknown] = await all(client, 'mutation { cancelJob(id: "x") { id } }');
    expect(unknown).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'id' } }] });
  });

  it('tells the rest to a client that comes back after a stop of the server', async () => {
    const client = open({ retryAttempts: 300, retry: () => new Promise((resolve) => setTimeout(resolve, 100)) });
    const seen = await seenThroughRestart(place, client);
    const again = seen.slice(seen.lastIndexOf(1));
    expect(again).toEqual(from(1, again.length));
    expect(again.length).toBeGreaterThan(12);
  });
});

/** The protocol itself, request by request. */
describe('the protocol', () => {
  const tokenHeader = 'x-graphql-event-stream-token';
  const reserve = async (): Promise<string> => {
    const response = await fetch(address(), { method: 'PUT' });
    expect([response.status, response.headers.get('content-type')]).toEqual([201, 'text/plain; charset=utf-8']);
    return response.text();
  };
  const post = (token: string, body: unknown, own: Record<string, string> = {}) =>
    fetch(address(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', [tokenHeader]: token, ...own },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const read = (token: string) => fetch(`${address()}?token=${token}`, { headers: { accept: 'text/event-stream' } });
  const operation = (operationId: string, query = '{ __typename }', variables = {}) => ({
    query,
    variables,
    extensions: { operationId },
  });
  const refused = async (response: Response) => {
    const { errors } = (await response.json()) as { errors: { extensions: { code: string; remedy: string } }[] };
    expect(errors[0]?.extensions.remedy).toEqual(expect.any(String));
    return [response.status, errors[0]?.extensions.code];
  };

  it('accepts operations before the stream is opened, and ends one that is deleted', async () => {
    const [token, run] = [await reserve(), await place.run({ holdAt: 2 })];
    expect((await post(token, operation('a'))).status).toBe(202);
    expect((await post(token, operation('b', numbered, { id: run }))).status).toBe(202);
    expect(await refused(await post(token, operation('b')))).toEqual([409, 'CONFLICT']);
    const stream = await read(token);
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect(await refused(await read(token))).toEqual([409, 'CONFLICT']);
    const deleted = await fetch(`${address()}?operationId=b&token=${token}`, { method: 'DELETE' });
    expect(deleted.status).toBe(200);
    await post(token, operation('b', '{ system { version } }'));
    let text = '';
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk);
      if (text.includes('"version"') && text.endsWith('event: complete\ndata: {"id":"b"}\n\n')) break;
    }
    expect(text).toContain('event: next\ndata: {"id":"a","payload":{"data":{"__typename":"Query"}}}\n\n');
    await vi.waitFor(async () => expect(await refused(await read(token))).toEqual([404, 'NOT_FOUND']), 5_000);
  });

  it('refuses what it cannot do, and says what to send', async () => {
    const token = await reserve();
    expect(await refused(await read('none'))).toEqual([404, 'NOT_FOUND']);
    expect(await refused(await post('none', operation('a')))).toEqual([404, 'NOT_FOUND']);
    expect(await refused(await fetch(address(), { method: 'PUT', headers: { accept: 'image/png' } }))).toEqual([
      406,
      'BAD_USER_INPUT',
    ]);
    const page = await fetch(`${address()}?token=${token}`, { headers: { accept: 'text/html' } });
    expect(await refused(page)).toEqual([406, 'BAD_USER_INPUT']);
    expect(await refused(await post(token, operation('a'), { accept: 'image/png' }))).toEqual([406, 'BAD_USER_INPUT']);
    const patch = await fetch(address(), { method: 'PATCH' });
    expect(patch.headers.get('allow')).toBe('GET, PUT, POST, DELETE');
    expect(await refused(patch)).toEqual([405, 'BAD_USER_INPUT']);
    expect(await refused(await fetch(`${address()}?token=${token}`, { method: 'DELETE' }))).toEqual([
      400,
      'BAD_USER_INPUT',
    ]);
    for (const body of [
      '{',
      '[]',
      '7',
      '{"query":7,"extensions":{"operationId":"a"}}',
      operation(''),
      operation('a', '{'),
    ])
      expect(await refused(await post(token, body))).toEqual([400, 'BAD_USER_INPUT']);
    expect(await refused(await post(token, operation('a'), { 'content-type': 'text/plain' }))).toEqual([
      415,
      'BAD_USER_INPUT',
    ]);
    expect(await refused(await post(token, operation('x'.repeat(100_001))))).toEqual([413, 'LIMIT_EXCEEDED']);
    const many = `{ ${Array.from({ length: 201 }, (_, i) => `a${i}: __typename`)} }`;
    expect(await refused(await post(token, operation('a', many)))).toEqual([400, 'LIMIT_EXCEEDED']);
  });

  it('limits the operations of a stream', async () => {
    const [token, run] = [await reserve(), await place.run({ holdAt: 2 })];
    const begun = await Promise.all(
      from(0, mostOperations).map((id) => post(token, operation(`${id}`, numbered, { id: run }))),
    );
    expect(new Set(begun.map(({ status }) => status))).toEqual(new Set([202]));
    expect(await refused(await post(token, operation('more')))).toEqual([429, 'LIMIT_EXCEEDED']);
  });

  it('takes an operation without a token only as one by itself', async () => {
    const asked = await fetch(address(), { method: 'POST', headers, body: '{"query":"{ __typename }"}' });
    expect(await asked.json()).toEqual({ data: { __typename: 'Query' } });
    const bare = { 'content-type': 'application/json' };
    const forged = await fetch(address(), { method: 'POST', headers: bare, body: '{"query":"{ __typename }"}' });
    expect(await refused(forged)).toEqual([403, 'FORBIDDEN']);
  });
});
