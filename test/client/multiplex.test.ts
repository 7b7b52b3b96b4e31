/** The client's subscriptions over one WebSocket, against the real server, which stops and starts again meanwhile. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketClass } from '../../src/client/by-socket.ts';
import { createClient, RunEventsDocument, TypedDocumentString } from '../../src/client/index.ts';
import { openPlace, type Place } from '../http/place.ts';

let place: Place;
let opened: WebSocket[] = [];

/** Counts the connections. */
class Counted extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol);
    opened.push(this);
  }
}
const webSocket = Counted as unknown as WebSocketClass;

beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place.close());

/** Neither selects a seq nor has a variable `after`. */
const names = new TypedDocumentString<{ readonly runEvents: { readonly __typename: string } }, { readonly id: string }>(
  'subscription Names($id: ID!) { runEvents(runId: $id) { __typename } }',
);
const from = (first: number, length: number) => Array.from({ length }, (_, i) => first + i);

it('is one for 20 subscriptions, which go on without a gap or a repetition behind a stop of the server', async () => {
  opened = [];
  const client = createClient({ url: place.url, webSocket, retryMs: 20, retries: 50 });
  const run = await place.run({ holdAt: 5 });
  const seen = from(0, 20).map((): number[] => []);
  const named: string[] = [];
  const followed = seen.map(async (seqs) => {
    for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: run })) seqs.push(runEvents.seq);
  });
  const byName = (async () => {
    for await (const { runEvents } of client.subscribe(names, { id: run })) named.push(runEvents.__typename);
  })();
  await vi.waitFor(() => expect(Math.min(...seen.map(({ length }) => length))).toBeGreaterThan(5), 60_000);
  expect(opened).toHaveLength(1);
  await place.behave({});
  await place.restart();
  await place.resume(run);
  await Promise.all([...followed, byName]);
  for (const seqs of seen) expect(seqs).toEqual(from(1, seqs.length));
  expect(named).toHaveLength(seen[0]?.length ?? 0);
  expect(named.filter((name) => name === 'RunStarted')).toHaveLength(2);
  expect(named.at(-1)).toBe('RunEnded');
  // Behind the last subscription it is closed.
  await vi.waitFor(() => expect(opened.at(-1)?.readyState).toBe(WebSocket.CLOSED), 10_000);
});

it('is left when its readers leave, and carries what the server refuses', async () => {
  const client = createClient({ url: place.url, webSocket });
  const run = await place.run({ holdAt: 2 });
  for await (const _event of client.subscribe(names, { id: run })) break;
  const stop = new AbortController();
  const aborted = (async () => {
    for await (const _event of client.subscribe(names, { id: run }, stop)) stop.abort(new Error('enough'));
  })();
  await expect(aborted).rejects.toThrow('enough');
  await expect(client.subscribe(names, { id: 'x' }).next()).rejects.toMatchObject({
    ...{ name: 'ApiError', code: 'BAD_USER_INPUT' },
  });
  const unknown = new TypedDocumentString<object, object>('subscription { nothing }');
  await expect(client.subscribe(unknown, {}).next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  await place.cancel(run);
});

it('is another one for another key', async () => {
  opened = [];
  let key = 'first';
  const client = createClient({ url: place.url, webSocket, headers: () => ({ authorization: `Bearer ${key}` }) });
  const run = await place.run({ holdAt: 2 });
  const follow = () => client.subscribe(names, { id: run });
  const [one, two] = [follow(), follow()];
  await Promise.all([one.next(), two.next()]);
  expect(opened).toHaveLength(1);
  key = 'second';
  const three = follow();
  await three.next();
  expect(opened).toHaveLength(2);
  // Behind its last subscription the first is closed, and the second is still the one that is used.
  await Promise.all([one.return(), two.return()]);
  await vi.waitFor(() => expect(opened[0]?.readyState).toBe(WebSocket.CLOSED), 10_000);
  const four = follow();
  await four.next();
  expect(opened).toHaveLength(2);
  await Promise.all([three.return(), four.return()]);
  await place.cancel(run);
});

it('is done without where it cannot be opened, and the server says why', async () => {
  class Refused extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { origin: 'https://other.example' });
    }
  }
  const client = createClient({ url: place.url, webSocket: Refused as unknown as WebSocketClass });
  const run = await place.run();
  const names_: string[] = [];
  for await (const { runEvents } of client.subscribe(names, { id: run })) names_.push(runEvents.__typename);
  expect(names_.at(-1)).toBe('RunEnded');
  const nobody = createClient({ url: 'http://127.0.0.1:1', webSocket });
  await expect(nobody.subscribe(names, { id: run }).next()).rejects.toMatchObject({ unreachable: true });
});

it('tells the server the headers, which a function may make each time', async () => {
  const told: (string | undefined)[] = [];
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    told.push(request.headers.authorization);
    response.end('{"data":{"__typename":"Query"}}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  let count = 0;
  const headers = async () => ({ Authorization: `Bearer ${++count}` });
  const client = createClient({ url: `http://127.0.0.1:${port}`, headers });
  const document = new TypedDocumentString<object, object>('{ __typename }');
  await client.execute(document, {});
  await client.execute(document, {});
  expect(told).toEqual(['Bearer 1', 'Bearer 2']);
  server.close();
});
