/** Whose requests are answered, by the names that they ask for and the pages that they come from. */
import { request } from 'node:http';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config.ts';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { refuseHost, refuseOrigin, sitesOf } from '../../src/http/sites.ts';
import { serve } from './serve.ts';

const accessOf = (environment: NodeJS.ProcessEnv) => loadConfig({ TANDEM_AUTH: 'required', ...environment }).access;

describe('the Host header', () => {
  const sites = sitesOf(accessOf({}), 4000);

  it.each(['127.0.0.1:4000', 'localhost:4000', '[::1]:4000', 'LOCALHOST:4000'])('may be %s', (host) => {
    expect(refuseHost({ headers: { host } }, sites)).toBeNull();
  });

  it.each(['evil.example:4000', '127.0.0.1', '127.0.0.1:4001', 'localhost.evil.example:4000', '', '0.0.0.0:4000'])(
    'may not be %j',
    (host) => {
      expect(refuseHost({ headers: { host } }, sites)).toMatchObject({ status: 421, error: { code: 'FORBIDDEN' } });
    },
  );

  it('has no port where that is the one of HTTP, as clients send it', () => {
    const usual = sitesOf(accessOf({}), 80);
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      expect(refuseHost({ headers: { host } }, usual)).toBeNull();
      expect(refuseOrigin({ headers: { origin: `http://${host}` } }, usual)).toBeNull();
    }
    expect(refuseHost({ headers: { host: 'evil.example' } }, usual)?.status).toBe(421);
  });

  it('may not be absent', () => {
    expect(refuseHost({ headers: {} }, sites)?.status).toBe(421);
  });

  it.each([
    ['192.168.1.5', '192.168.1.5:4000', 'http://192.168.1.5:4000'],
    ['0.0.0.0', 'localhost:4000', 'http://127.0.0.1:4000'],
    ['::', '[::1]:4000', 'http://[::1]:4000'],
    ['fd00:0:0::5', '[fd00::5]:4000', 'http://[fd00::5]:4000'],
  ])('may name the address %s, as %s', (host, named, url) => {
    const wide = sitesOf(accessOf({ TANDEM_HOST: host }), 4000);
    expect(refuseHost({ headers: { host: named } }, wide)).toBeNull();
    expect(refuseHost({ headers: { host: 'gpu.lan:4000' } }, wide)?.status).toBe(421);
    expect(wide.url).toBe(url);
  });

  it('may be exactly what is listed', () => {
    const listed = sitesOf(accessOf({ TANDEM_HOSTS: 'tandem.example.org gpu.lan:4000' }), 4000);
    expect(['tandem.example.org', 'gpu.lan:4000'].map((host) => refuseHost({ headers: { host } }, listed))).toEqual([
      null,
      null,
    ]);
    for (const host of ['tandem.example.org:4000', 'gpu.lan', 'x.tandem.example.org'])
      expect(refuseHost({ headers: { host } }, listed)?.status).toBe(421);
    expect(refuseOrigin({ headers: { origin: 'https://tandem.example.org' } }, listed)).toBeNull();
    expect(refuseOrigin({ headers: { origin: 'https://127.0.0.1:4000' } }, listed)?.status).toBe(403);
  });
});

const page = 'http://localhost:5173';
const operation = '{"query":"{ x }"}';
let server: HttpServer;
let asked = 0;
beforeAll(async () => {
  const rootValue = { x: () => ++asked };
  const graphql = createYoga<Served, Context>({
    schema: buildSchema('type Query { x: Int }'),
    cors: false,
    plugins: [{ onExecute: ({ args }: { args: object }) => void Object.assign(args, { rootValue }) }],
  });
  server = await serve({ graphql, settings: accessOf({ TANDEM_ORIGINS: page }) });
});
afterAll(() => server.close());

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** As a browser sends it; fetch itself would refuse these headers. */
const send = ({ method = 'POST', path = '/graphql', headers = {}, body }: Sent) =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method, headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    });
    sent.on('error', reject).end(body);
  });

const preflight = (origin: string, path: string, method: string) =>
  send({ method: 'OPTIONS', path, headers: { origin, 'access-control-request-method': method } });
const json = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };

describe('a page of a listed origin', () => {
  it.each([
    ['/graphql', 'POST'],
    ['/graphql/stream', 'GET, PUT, POST, DELETE'],
    ['/v1/embeddings', 'GET, POST'],
    ['/v1/models/tiny', 'GET, POST'],
    ['/metrics', 'GET'],
  ])('is told before it asks %s what it may send: %s', async (path, methods) => {
    const answer = await preflight(page, path, 'POST');
    expect([answer.status, answer.body]).toEqual([204, '']);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': methods,
      'access-control-max-age': '7200',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
    const headers = String(answer.headers['access-control-allow-headers']).split(', ');
    expect(headers).toEqual(
      expect.arrayContaining([
        ...['authorization', 'content-type', 'last-event-id', 'x-graphql-yoga-csrf', 'x-graphql-event-stream-token'],
        ...['x-requested-with', 'apollo-require-preflight', 'graphql-preflight'],
      ]),
    );
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('reads answers, events and refusals', async () => {
    const readable = { 'access-control-allow-origin': page, vary: 'Origin' };
    const answered = await send({ headers: { ...json, origin: page }, body: operation });
    expect([answered.status, JSON.parse(answered.body)]).toEqual([200, { data: { x: asked } }]);
    expect(answered.headers).toMatchObject(readable);
    const refused = await send({ headers: { origin: page, 'content-type': 'application/json' }, body: operation });
    expect(refused).toMatchObject({ status: 403, headers: readable });
    const stream = await send({ method: 'PUT', path: '/graphql/stream', headers: { origin: page } });
    expect(stream).toMatchObject({ status: 201, headers: readable });
    expect(await send({ method: 'GET', path: '/nothing', headers: { origin: page } })).toMatchObject({
      status: 404,
      headers: readable,
    });
  });

  it('may be of the server itself', async () => {
    const own = await send({ headers: { ...json, origin: server.url }, body: operation });
    expect(own).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': server.url } });
  });
});

describe('a hostile page', () => {
  const forms = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];

  it.each(['http://evil.example', 'null', 'http://localhost:5173.evil.example', 'https://localhost:5173', ''])(
    'of the origin %j is refused whatever it sends, and reads nothing',
    async (origin) => {
      const before = asked;
      const answers = [
        await send({ headers: { ...json, origin }, body: operation }),
        ...(await Promise.all(
          forms.map((type) => send({ headers: { 'content-type': type, origin }, body: operation })),
        )),
        await preflight(origin, '/graphql', 'POST'),
        await send({ method: 'GET', path: '/health', headers: { origin } }),
        await send({ method: 'PUT', path: '/graphql/stream', headers: { origin } }),
      ];
      for (const { status, headers, body } of answers) {
        expect(status).toBe(403);
        expect(JSON.parse(body).errors[0].extensions).toMatchObject({ code: 'FORBIDDEN', field: 'Origin' });
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
      expect(asked).toBe(before);
    },
  );

  it('is refused without an Origin too, as it sends forms and what it may not read', async () => {
    const before = asked;
    for (const type of forms) {
      const { status } = await send({
        headers: { 'content-type': type, 'sec-fetch-mode': 'no-cors' },
        body: operation,
      });
      expect(status).toBe(403);
    }
    const query = `/graphql?query=${encodeURIComponent('{ x }')}`;
    expect(await send({ method: 'GET', path: query })).toMatchObject({ status: 405 });
    expect(asked).toBe(before);
  });

  it('opens no WebSocket', async () => {
    const address = `${server.url.replace('http', 'ws')}/graphql`;
    const socket = new WebSocket(address, 'graphql-transport-ws', { origin: 'http://evil.example' });
    const status = await new Promise((resolve) => {
      socket.on('error', () => {});
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(403);
  });

  it('whose name resolves to the server is refused on every path, preflights included', async () => {
    const host = `evil.example:${server.port}`;
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/health'],
      ['POST', '/graphql'],
      ['OPTIONS', '/graphql'],
    ] as const) {
      const headers = { ...json, host, origin: `http://${host}`, 'access-control-request-method': 'POST' };
      expect((await send({ method, path, headers, body: method === 'POST' ? operation : '' })).status).toBe(421);
    }
  });
});

it('has no page at / where GraphiQL is off', async () => {
  expect((await send({ method: 'GET', path: '/' })).status).toBe(200);
  const graphql = createYoga<Served, Context>({ schema: buildSchema('type Query { x: Int }') });
  const without = await serve({ graphql, settings: accessOf({ TANDEM_GRAPHIQL: 'off' }) });
  const answer = await fetch(without.url);
  expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('NOT_FOUND')]);
  await without.close();
});

it('says of an address that this machine does not have what to correct', async () => {
  const graphql = createYoga<Served, Context>({ schema: buildSchema('type Query { x: Int }') });
  const settings = accessOf({ TANDEM_HOST: '192.0.2.1' });
  await expect(serve({ graphql, settings })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { field: 'TANDEM_HOST', remedy: expect.any(String) },
  });
});
