/** Operations over a WebSocket, by the client of npm's graphql-ws, with real jobs behind them. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientOptions, createClient, type ExecutionResult } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { mostConnections, mostOperations } from '../../src/http/connection-refusals.ts';
import { follow, numbered, openPlace, type Place } from './place.ts';
import { seenThroughRestart } from './restarted.ts';

let place: Place;
const clients: Client[] = [];
beforeAll(async () => {
  place = await openPlace();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});
afterAll(() => place.close());

const address = () => `${place.url.replace('http', 'ws')}/graphql`;

function open(options: Partial<ClientOptions> = {}): Client {
  const client = createClient({ url: address(), webSocketImpl: WebSocket, retryAttempts: 0, ...options });
  clients.push(client);
  return client;
}

async function all(client: Client, query: string, variables = {}, extensions = {}): Promise<ExecutionResult[]> {
  const results: ExecutionResult[] = [];
  for await (const result of client.iterate({ query, variables, extensions })) results.push(result as ExecutionResult);
  return results;
}

/** [status, code] of an upgrade that is refused. */
async function upgrade(headers: Record<string, string>, path = '/graphql'): Promise<(number | string)[]> {
  const socket = new WebSocket(`${place.url.replace('http', 'ws')}${path}`, 'graphql-transport-ws', { headers });
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('opened')));
    socket.on('error', () => {});
    socket.on('unexpected-response', async (_request, response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve([response.statusCode ?? 0, JSON.parse(text).errors[0].extensions.code]);
    });
  });
}

/** A socket of the protocol without a client behind it. */
async function raw(): Promise<{ socket: WebSocket; closed: Promise<number>; messages: { type: string }[] }> {
  const socket = new WebSocket(address(), 'graphql-transport-ws');
  const messages: { type: string }[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data))));
  await new Promise((resolve) => socket.once('open', resolve));
  return { socket, messages, closed: new Promise((resolve) => socket.once('close', resolve)) };
}

describe('operations', () => {
  it('are queries and mutations as well as subscriptions, side by side', async () => {
    const [client, run] = [open(), await place.run()];
    const asked = Array.from({ length: 20 }, () => all(client, '{ __typename }'));
    const followed = await all(client, follow, { id: run });
    for (const [answer] of await Promise.all(asked)) expect(answer).toEqual({ data: { __typename: 'Query' } });
    const seqs = followed.map(({ extensions }) => Number((extensions as { eventId?: string } | undefined)?.eventId));
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
    expect(followed.at(-1)?.data).toEqual({ runEvents: { __typename: 'RunEnded' } });
    const later = await all(client, numbered, { id: run }, { lastEventId: '4' });
    expect(later.map(({ data }) => (data as never as { runEvents: object }).runEvents)).toEqual(
      seqs.slice(4).map((seq) => ({ seq })),
    );
    const [unknown] = await all(client, 'mutation { cancelJob(id: "x") { id } }');
    expect(unknown).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'id' } }] });
  });

  it.each([
    ['text that is no GraphQL', '{', 'BAD_USER_INPUT'],
    ['what the schema does not have', '{ nothing }', 'BAD_USER_INPUT'],
    ['too many aliases', `{ ${Array.from({ length: 201 }, (_, i) => `a${i}: __typename`)} }`, 'LIMIT_EXCEEDED'],
    [
      'a directive on the field of a subscription',
      `${follow.replace('{ __', '@skip(if: true) { __')}`,
      'BAD_USER_INPUT',
    ],
  ])('are refused as by POST: %s', async (_what, query, code) => {
    const refused = all(open(), query, { id: 'x' });
    await expect(refused).rejects.toMatchObject([{ message: expect.any(String), extensions: { code } }]);
  });

  it('hide what is unexpected, and say what was expected of a position', async () => {
    const [client, run] = [open(), await place.run()];
    // To its end, since a run that has not begun would be held as the next one is.
    await all(client, numbered, { id: run });
    const results = await all(client, numbered, { id: run }, { lastEventId: 'x' });
    expect(results).toMatchObject([{ errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'Last-Event-ID' } }] }]);
  });

  it('end when the client completes them, and are so many at most', async () => {
    const run = await place.run({ holdAt: 2 });
    const client = open();
    const started = Array.from({ length: mostOperations }, () =>
      client.iterate({ query: numbered, variables: { id: run } }),
    );
    await Promise.all(started.map((events) => events.next()));
    const refused = all(client, '{ __typename }');
    await expect(refused).rejects.toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
    await Promise.all(started.map((events) => events.return?.()));
    await place.cancel(run);
    await sleep(100);
    expect(await all(client, '{ __typename }')).toEqual([{ data: { __typename: 'Query' } }]);
  });
});

describe('a connection', () => {
  it('is opened by pages of the server itself and by programs, and refused with a body otherwise', async () => {
    expect(await upgrade({ host: 'evil.example' })).toEqual([421, 'FORBIDDEN']);
    expect(await upgrade({ origin: 'http://evil.example' })).toEqual([403, 'FORBIDDEN']);
    expect(await upgrade({ origin: 'null' })).toEqual([403, 'FORBIDDEN']);
    expect(await upgrade({}, '/graphql/x')).toEqual([404, 'NOT_FOUND']);
    const own = new WebSocket(address(), 'graphql-transport-ws', { headers: { origin: place.url } });
    await new Promise((resolve) => own.once('open', resolve));
    own.terminate();
  });

  it.each([
    ['a text that is no message', ['x'], 4400],
    ['an operation before connection_init', ['{"type":"subscribe","id":"1","payload":{"query":"{a}"}}'], 4401],
    ['a message that only servers send', ['{"type":"next","id":"1","payload":{}}'], 4400],
    ['connection_init twice', ['{"type":"connection_init"}', '{"type":"connection_init"}'], 4429],
    [
      'an id twice',
      [
        '{"type":"connection_init"}',
        ...Array.from(
          { length: 2 },
          () => '{"type":"subscribe","id":"1","payload":{"query":"subscription { changes { seq } }"}}',
        ),
      ],
      4409,
    ],
    ['more than a message may have', [JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(100_001) } })], 1009],
  ])('ends at %s', async (_what, texts, code) => {
    const { socket, closed } = await raw();
    for (const text of texts) {
      socket.send(text);
      await sleep(texts.length === 2 ? 30 : 0);
    }
    expect(await closed).toBe(code);
  });

  it('needs the protocol graphql-transport-ws', async () => {
    const socket = new WebSocket(address(), 'graphql-ws');
    socket.on('error', () => {});
    const code = new Promise((resolve) => socket.once('close', resolve));
    expect([4406, 1006]).toContain(await code);
  });

  it('that does not say whose it is keeps nobody out', async () => {
    const early = open({ lazy: false });
    expect(await all(early, '{ __typename }')).toHaveLength(1);
    let ended = false;
    early.on('closed', () => {
      ended = true;
    });
    const silent = await Promise.all(Array.from({ length: mostConnections }, () => raw()));
    expect(await all(open(), '{ __typename }')).toEqual([{ data: { __typename: 'Query' } }]);
    expect(ended).toBe(false);
    for (const { socket } of silent) socket.terminate();
  });

  it('reads no more from a client that does not take its answers', async () => {
    const { socket, messages } = await raw();
    const ping = JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(90_000) } });
    socket.pause();
    for (let i = 0; i < 200; i++) socket.send(ping);
    await sleep(500);
    // 18 MB of pongs are asked for; the server holds what the system takes and a megabyte.
    expect(socket.bufferedAmount).toBeGreaterThan(4_000_000);
    socket.resume();
    await vi.waitFor(() => expect(messages).toHaveLength(200), 60_000);
    socket.terminate();
  });

  it('keeps others no time with thousands of messages', async () => {
    const { socket, messages } = await raw();
    for (let i = 0; i < 1_000; i++) socket.send('{"type":"ping"}');
    const begin = performance.now();
    expect((await fetch(`${place.url}/health`)).status).toBe(200);
    expect(performance.now() - begin).toBeLessThan(1_000);
    while (messages.length < 1_000) await sleep(10);
    socket.terminate();
  });
});

describe('a stop of the server', () => {
  it('is no end of a subscription: the client comes back and is told the rest', async () => {
    const closes: number[] = [];
    // By default it takes a refused connection for the end, and a server that starts again refuses at first.
    const client = open({ retryAttempts: 300, retryWait: () => sleep(100), shouldRetry: () => true });
    client.on('closed', (event) => closes.push((event as { code: number }).code));
    const seen = await seenThroughRestart(place, client);
    expect(closes[0]).toBe(1001);
    // It subscribes as it did at first, so the beginning is told again.
    const again = seen.slice(seen.lastIndexOf(1));
    expect(again).toEqual(again.map((_, i) => i + 1));
    expect(again.length).toBeGreaterThan(12);
  });

  it('ends a client that does not answer, within seconds', async () => {
    const { socket } = await raw();
    socket.pause();
    place.server.drain();
    const begin = performance.now();
    await place.server.close();
    expect(performance.now() - begin).toBeLessThan(5_000);
    await place.restart();
    socket.terminate();
  });
});

it('passes over an upgrade to HTTP/2, which some clients offer with their first request', async () => {
  const body = '{"query":"{ __typename }"}';
  const head = [
    ...['POST /graphql HTTP/1.1', `host: 127.0.0.1:${place.port}`, 'connection: Upgrade, HTTP2-Settings'],
    ...['upgrade: h2c', 'http2-settings: AAMAAABkAAQAoAAAAAIAAAAA', 'content-type: application/json'],
    ...['x-graphql-yoga-csrf: 1', `content-length: ${body.length}`],
  ].join('\r\n');
  const client = connect(place.port, '127.0.0.1');
  client.write(`${head}\r\n\r\n${body.slice(0, 5)}`);
  await sleep(50);
  client.write(body.slice(5));
  let text = '';
  for await (const chunk of client) {
    text += chunk;
    if (text.includes('__typename')) break;
  }
  expect(text).toContain('HTTP/1.1 200');
  expect(text).toContain('{"data":{"__typename":"Query"}}');
});
