/** Who may ask where keys are required: on every path and transport, until the key ends or has sent too much. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { createClient } from 'graphql-ws';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketClass } from '../../src/client/by-socket.ts';
import { createClient as createTandemClient, TypedDocumentString } from '../../src/client/index.ts';
import { apiKeys, auditEntries } from '../../src/db/schema.ts';
import { encodeId } from '../../src/graphql/ids.ts';
import { makeKey } from '../../src/services/access/key.ts';
import { eventsIn, headers, openPlace, type Place, postEvents } from './place.ts';

let place: Place;
beforeAll(async () => {
  // So slow that none comes back while a test runs: how buckets fill up is tested by themselves.
  place = await openPlace({ TANDEM_AUTH: 'required', TANDEM_RATE: '1/20' });
});
afterAll(() => place.close());

interface Key {
  readonly id: string;
  readonly authorization: string;
}

/** A key of its own for each test, with a bucket of its own. */
async function keyOf(values: Partial<typeof apiKeys.$inferInsert> = {}): Promise<Key> {
  const { key, lookup, digest } = makeKey();
  const row = { name: 'test', role: 'viewer', lookup, digest, ...values } as const;
  const [made] = await place.database.db.insert(apiKeys).values(row).returning();
  return { id: made!.id, authorization: `Bearer ${key}` };
}

async function revoke({ id }: Key): Promise<void> {
  await place.database.db.update(apiKeys).set({ revokedAt: new Date() }).where(eq(apiKeys.id, id));
  await place.access.recheck();
}

const operation = '{"query":"{ __typename }"}';
const forged = { authorization: `Bearer ${makeKey().key}` };
const follow = { query: 'subscription { changes { seq } }' };
const changes = new TypedDocumentString<object, object>(follow.query);
const tokenHeader = 'x-graphql-event-stream-token';

const send = (path: string, own: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${place.url}${path}`, { method: 'POST', body: operation, ...init, headers: { ...headers, ...own } });

const graphqlCode = async (response: Response) =>
  ((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions.code;

/** A socket whose connection_init has this payload; `first`: what closed it, or null where it was acknowledged. */
async function connect(payload: unknown, own: Record<string, string> = {}) {
  const socket = new WebSocket(`${place.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers: own });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  const acknowledged = new Promise((resolve) =>
    socket.on('message', (data) => JSON.parse(String(data)).type === 'connection_ack' && resolve(null)),
  );
  return { socket, closed, first: await Promise.race([closed, acknowledged]) };
}

describe('without a key that holds', () => {
  it.each([
    ['/graphql', 'POST'],
    ['/graphql/stream', 'POST'],
    ['/graphql/stream', 'PUT'],
    ['/graphql/stream?token=x', 'GET'],
    ['/graphql/stream?token=x&operationId=a', 'DELETE'],
    ['/metrics', 'GET'],
  ])('%s by %s is refused with 401', async (path, method) => {
    for (const own of [{}, forged, { authorization: 'Basic eDp5' }]) {
      const init = { method, body: method === 'POST' ? operation : null };
      const answer = await send(path, own as Record<string, string>, init);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(await graphqlCode(answer)).toBe('UNAUTHENTICATED');
    }
  });

  it('a refusal is of the type of GraphQL for clients that name it', async () => {
    const type = async (accept: string) => (await send('/graphql', { accept })).headers.get('content-type');
    expect(await type('application/graphql-response+json, application/json;q=0.9')).toMatch(/^application\/graphql-r/);
    expect(await type('application/json')).toMatch(/^application\/json/);
  });

  it('/v1 is refused in its own form, by what the client of OpenAI throws', async () => {
    for (const apiKey of ['none', forged.authorization.slice(7)]) {
      const openai = new OpenAI({ baseURL: `${place.url}/v1`, apiKey, maxRetries: 0 });
      await expect(openai.models.list()).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
      await expect(openai.embeddings.create({ model: 'x', input: 'x' })).rejects.toMatchObject({ status: 401 });
    }
    const { authorization } = await keyOf();
    const openai = new OpenAI({ baseURL: `${place.url}/v1`, apiKey: authorization.slice(7), maxRetries: 0 });
    expect((await openai.models.list()).data).toEqual([]);
  });

  it('a WebSocket is closed with 4401 and the reason', async () => {
    const reason = expect.stringMatching(/API key/);
    for (const payload of [undefined, {}, { authorization: 7 }, { headers: null }, { headers: [] }, forged])
      expect((await connect(payload)).first).toEqual({ code: 4401, reason });
    const expired = await keyOf({ name: 'é'.repeat(100), expiresAt: new Date(Date.now() - 1) });
    expect((await connect({ authorization: expired.authorization })).first).toMatchObject({ code: 4401 });
  });

  it('health, readiness and the page of GraphiQL are answered', async () => {
    for (const path of ['/health', '/ready', '/']) expect((await fetch(`${place.url}${path}`)).status).toBe(200);
  });
});

describe('a key', () => {
  it('opens a WebSocket from each place that clients send it in', async () => {
    const { authorization } = await keyOf();
    for (const [payload, own] of [
      [{ authorization }, {}],
      [{ Authorization: authorization }, {}],
      [{ headers: { Authorization: authorization } }, {}],
      [undefined, { authorization }],
    ] as const) {
      const { socket, first } = await connect(payload, own);
      expect(first).toBeNull();
      socket.terminate();
    }
  });

  it('of a viewer that was stolen changes nothing and shows no other, whichever way it is sent', async () => {
    const { authorization } = await keyOf({ role: 'viewer' });
    const client = createClient({
      ...{ url: `${place.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
      connectionParams: { authorization },
    });
    const token = await (await send('/graphql/stream', { authorization }, { method: 'PUT', body: null })).text();
    const stream = await fetch(`${place.url}/graphql/stream?token=${token}`, { headers: { authorization } });
    const forbidden = { errors: [{ extensions: { code: 'FORBIDDEN', remedy: expect.any(String) } }] };
    const before = await place.database.db.select().from(apiKeys);
    const queries = [
      'mutation { createApiKey(input: { name: "mine", role: ADMIN }) { key } }',
      'mutation { deleteRun(id: "UnVuOjE") { deletedId } }',
      '{ apiKeys { nodes { id } } }',
      '{ auditEntries { nodes { id } } }',
    ];
    for (const query of queries) {
      const body = JSON.stringify({ query, extensions: { operationId: query } });
      expect(await (await send('/graphql', { authorization }, { body })).json()).toMatchObject(forbidden);
      expect((await client.iterate({ query }).next()).value).toMatchObject(forbidden);
      expect((await send('/graphql/stream', { authorization, [tokenHeader]: token }, { body })).status).toBe(202);
    }
    let told = '';
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
      told += Buffer.from(chunk);
      if (told.split('event: complete').length > queries.length) break;
    }
    expect(told.match(/"code":"FORBIDDEN"/g)).toHaveLength(queries.length);
    expect(await place.database.db.select().from(apiKeys)).toHaveLength(before.length);
    await client.dispose();
  });

  it('owns the event streams that it reserves', async () => {
    const [mine, other] = [await keyOf(), await keyOf({ role: 'admin' })];
    const reserved = await send(
      '/graphql/stream',
      { authorization: mine.authorization },
      { method: 'PUT', body: null },
    );
    const token = await reserved.text();
    const body = '{"query":"{ __typename }","extensions":{"operationId":"a"}}';
    const path = `/graphql/stream?token=${token}&operationId=a`;
    for (const method of ['GET', 'POST', 'DELETE']) {
      const own = { authorization: other.authorization, accept: '*/*' };
      const answer = await send(path, own, { method, body: method === 'POST' ? body : null });
      expect([answer.status, await graphqlCode(answer)]).toEqual([404, 'NOT_FOUND']);
    }
    expect((await send(path, { authorization: mine.authorization }, { body })).status).toBe(202);
  });

  it('that is revoked ends its connections, and nobody else’s', async () => {
    const failures = vi.spyOn(place.logger, 'error');
    const [key, other] = [await keyOf(), await keyOf()];
    const { authorization } = key;
    const [mine, others] = [await connect({ authorization }), await connect({ authorization: other.authorization })];
    mine.socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: follow }));
    const events = await postEvents(place.url, follow, { authorization });
    const reserved = await send('/graphql/stream', { authorization }, { method: 'PUT', body: null });
    const token = await reserved.text();
    const stream = await fetch(`${place.url}/graphql/stream?token=${token}`, { headers: { authorization } });
    const begun = await send(
      '/graphql/stream',
      { authorization, [tokenHeader]: token },
      {
        body: JSON.stringify({ ...follow, extensions: { operationId: 'a' } }),
      },
    );
    expect([events.status, stream.status, begun.status]).toEqual([200, 200, 202]);
    await sleep(200);

    await revoke(key);
    expect(await mine.closed).toEqual({ code: 4401, reason: 'The API key "test" was revoked' });
    // Neither ends as a subscription does, with complete.
    const told = eventsIn(await events.text().catch(() => ''));
    expect(told.filter(([, event]) => event === 'complete')).toEqual([]);
    expect(await stream.text().catch(() => '')).not.toContain('event: complete');
    expect((await send('/graphql', { authorization })).status).toBe(401);
    others.socket.send('{"type":"ping"}');
    await new Promise((resolve) => others.socket.once('message', resolve));
    others.socket.terminate();
    expect(failures).not.toHaveBeenCalled();
  });

  it('that is revoked while a request is on its way is refused, and the request not run', async () => {
    const key = await keyOf({ role: 'admin' });
    const body = '{"query":"mutation { createApiKey(input: { name: \\"slow\\", role: ADMIN }) { key } }"}';
    const head = { ...headers, authorization: key.authorization, 'content-length': String(body.length) };
    const sent = request(`${place.url}/graphql`, { method: 'POST', headers: head, agent: false });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    sent.write(body.slice(0, 10));
    await vi.waitFor(async () => {
      const [row] = await place.database.db.select().from(apiKeys).where(eq(apiKeys.id, key.id));
      expect(row?.lastUsedAt).not.toBeNull();
    });
    await sleep(50);
    await revoke(key);
    sent.end(body.slice(10));
    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(401);
    expect(await place.database.db.select().from(apiKeys).where(eq(apiKeys.name, 'slow'))).toEqual([]);
  });

  it('that is revoked runs no other mutation of an operation that is under way', async () => {
    const key = await keyOf({ role: 'admin' });
    const query = `mutation { revokeApiKey(id: "${encodeId('ApiKey', key.id)}") { apiKey { id } }
      createApiKey(input: { name: "after", role: ADMIN }) { key } }`;
    const answer = await send('/graphql', { authorization: key.authorization }, { body: JSON.stringify({ query }) });
    expect(answer.status).toBe(401);
    const entries = () => place.database.db.select().from(auditEntries).where(eq(auditEntries.keyId, key.id));
    await vi.waitFor(async () =>
      expect((await entries()).map(({ mutation, outcome }) => [mutation, outcome]).sort()).toEqual([
        ['createApiKey', 'UNAUTHENTICATED'],
        ['revokeApiKey', 'OK'],
      ]),
    );
    expect(await place.database.db.select().from(apiKeys).where(eq(apiKeys.name, 'after'))).toEqual([]);
  });

  it('that is revoked begins nothing more on a connection whose client does not let go', async () => {
    const key = await keyOf({ role: 'admin' });
    const { socket } = await connect({ authorization: key.authorization });
    socket.pause();
    await revoke(key);
    const query = 'mutation { createApiKey(input: { name: "late", role: ADMIN }) { key } }';
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    await sleep(300);
    const late = await place.database.db.select().from(apiKeys).where(eq(apiKeys.name, 'late'));
    expect(late).toEqual([]);
    socket.terminate();
  });

  it('that does not hold, or no longer, is what the client throws, whatever carries its subscription', async () => {
    const unauthenticated = { name: 'ApiError', code: 'UNAUTHENTICATED' };
    for (const webSocket of [WebSocket as unknown as WebSocketClass, false] as const) {
      const options = { url: place.url, webSocket, retryMs: 20 };
      const stranger = createTandemClient({ ...options, headers: forged });
      await expect(stranger.subscribe(changes, {}).next()).rejects.toMatchObject(unauthenticated);
      const key = await keyOf();
      const client = createTandemClient({ ...options, headers: () => ({ authorization: key.authorization }) });
      const events = client.subscribe(changes, {});
      await events.next();
      const next = events.next();
      await Promise.all([expect(next).rejects.toMatchObject(unauthenticated), revoke(key)]);
    }
  });

  it('that expired and holds again does not open what was reserved before', async () => {
    const { id, authorization } = await keyOf();
    const token = await (await send('/graphql/stream', { authorization }, { method: 'PUT', body: null })).text();
    for (const expiresAt of [new Date(), null]) {
      await place.database.db.update(apiKeys).set({ expiresAt }).where(eq(apiKeys.id, id));
      await place.access.recheck();
    }
    const signal = AbortSignal.timeout(5_000);
    const stream = await fetch(`${place.url}/graphql/stream?token=${token}`, { headers: { authorization }, signal });
    expect(await stream.text()).not.toContain('event:');
  });

  it('that expires ends its connections', async () => {
    const { id, authorization } = await keyOf();
    const { closed, first } = await connect({ authorization });
    expect(first).toBeNull();
    await place.database.db.update(apiKeys).set({ expiresAt: new Date() }).where(eq(apiKeys.id, id));
    await place.access.recheck();
    expect(await closed).toMatchObject({ code: 4401, reason: expect.stringContaining('expired') });
  });
});

describe('more requests than the rate allows', () => {
  /** Sends as many as may be sent at once; resolves with the status of each, the last of which is one too many. */
  async function exhaust(authorization: string): Promise<Response> {
    const all = await Promise.all(Array.from({ length: 20 }, () => send('/graphql', { authorization })));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    return send('/graphql', { authorization });
  }

  it('are refused with 429 and say when to come back, on every path; others are not', async () => {
    const [{ authorization }, other] = [await keyOf(), await keyOf()];
    const refused = await exhaust(authorization);
    const seconds = Number(refused.headers.get('retry-after'));
    expect([refused.status, seconds > 0 && seconds <= 60]).toEqual([429, true]);
    const told = { code: 'LIMIT_EXCEEDED', reason: 'rate', retryAfter: seconds, remedy: expect.any(String) };
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: told }] });
    const openai = new OpenAI({ baseURL: `${place.url}/v1`, apiKey: authorization.slice(7), maxRetries: 0 });
    const error = await openai.models.list().then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(0);
    const put = await send('/graphql/stream', { authorization }, { method: 'PUT', body: null });
    expect(put.status).toBe(429);
    expect((await send('/graphql', { authorization: other.authorization })).status).toBe(200);
  });

  it('are refused one by one on a WebSocket, which stays open', async () => {
    const { authorization } = await keyOf();
    const client = createClient({
      ...{ url: `${place.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
      ...{ lazy: false, connectionParams: { authorization } },
    });
    const ask = () => client.iterate({ query: '{ __typename }' }).next();
    await Promise.all(Array.from({ length: 20 }, ask));
    let closed = false;
    client.on('closed', () => {
      closed = true;
    });
    for (let i = 0; i < 2; i++)
      await expect(ask()).rejects.toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED', reason: 'rate' } }]);
    expect(closed).toBe(false);
    await client.dispose();
  });
});
