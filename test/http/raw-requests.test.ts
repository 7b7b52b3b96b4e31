/** What Node would refuse without a word: every refusal has a body that says what to send. */
import { createServer, type ServerOptions } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
import { headTimes, limitBodyTime } from '../../src/http/body-time.ts';
import { answerRawRequests } from '../../src/http/raw-requests.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { serve } from './serve.ts';

let server: HttpServer;
beforeAll(async () => {
  const graphql = createYoga<Served, Context>({ schema: buildSchema('type Query { x: Int }'), logging: false });
  server = await serve({ graphql });
});
afterAll(() => server.close());

/** What comes back until the connection ends: [status, code] of an answer with a remedy. */
async function send(text: string, port = server.port): Promise<[number, string]> {
  const client = connect(port, '127.0.0.1');
  client.write(text, 'latin1');
  let received = '';
  for await (const part of client.setEncoding('utf8')) received += part;
  const [head = '', body = ''] = received.split('\r\n\r\n');
  const [{ message, extensions }] = JSON.parse(body.replace(/^[0-9a-f]+\r\n/, '').replace(/\r\n0$/, '')).errors;
  expect([message, extensions.expected, extensions.remedy]).toEqual(Array(3).fill(expect.any(String)));
  return [Number(head.split(' ')[1]), extensions.code];
}

const host = () => `host: 127.0.0.1:${server.port}\r\n`;
const posted = () =>
  `POST /graphql HTTP/1.1\r\n${host()}x-graphql-yoga-csrf: 1\r\ncontent-type: application/json\r\nconnection: close\r\n`;
const socket = () => `GET /graphql HTTP/1.1\r\n${host()}connection: upgrade\r\nupgrade: websocket\r\n`;

it.each([
  ['no HTTP', () => 'hello\r\n\r\n', 400, 'BAD_USER_INPUT'],
  ['an unknown method', () => `FETCH / HTTP/1.1\r\n${host()}\r\n`, 400, 'BAD_USER_INPUT'],
  ['a header with a control character', () => `GET / HTTP/1.1\r\n${host()}a: \x01\r\n\r\n`, 400, 'BAD_USER_INPUT'],
  ['two lengths', () => `${posted()}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`, 400, 'BAD_USER_INPUT'],
  ['a chunk without a length', () => `${posted()}transfer-encoding: chunked\r\n\r\nx\r\n`, 400, 'BAD_USER_INPUT'],
  ['too many headers', () => `GET / HTTP/1.1\r\n${host()}a: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'LIMIT_EXCEEDED'],
  ['no Host', () => 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 421, 'FORBIDDEN'],
  ['a tunnel', () => `CONNECT example.org:443 HTTP/1.1\r\n${host()}\r\n`, 405, 'BAD_USER_INPUT'],
  ['an expectation', () => `${posted()}expect: the best\r\ncontent-length: 2\r\n\r\n`, 417, 'BAD_USER_INPUT'],
  [
    'an old WebSocket',
    () => `${socket()}sec-websocket-version: 7\r\nsec-websocket-key: ${'A'.repeat(22)}==\r\n\r\n`,
    400,
    'BAD_USER_INPUT',
  ],
  ['a WebSocket without a key', () => `${socket()}sec-websocket-version: 13\r\n\r\n`, 400, 'BAD_USER_INPUT'],
  ['a WebSocket of another page', () => `${socket()}origin: https://a.example\r\n\r\n`, 403, 'FORBIDDEN'],
  ['a WebSocket elsewhere', () => `${socket().replace('/graphql', '/')}\r\n`, 404, 'NOT_FOUND'],
])('says what is wrong with %s', async (_what, request, status, code) => {
  expect(await send(request())).toEqual([status, code]);
});

it('says that a request took too long', async () => {
  const options: ServerOptions = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 };
  const slow = createServer(options, () => {});
  answerRawRequests(slow, { answering: () => undefined, refuse: () => {}, upgrade: () => null });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  expect(await send('GET / HTTP/1.1\r\nhost:', (slow.address() as AddressInfo).port)).toEqual([408, 'LIMIT_EXCEEDED']);
  slow.close();
});

it('says that a body took too long', async () => {
  const slow = createServer(headTimes, (request) => limitBodyTime(slow, request, 50));
  answerRawRequests(slow, { answering: () => undefined, refuse: () => {}, upgrade: () => null });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const begun = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx';
  expect(await send(begun, (slow.address() as AddressInfo).port)).toEqual([408, 'LIMIT_EXCEEDED']);
  slow.close();
});

it('leaves an answer that has begun alone', async () => {
  const client = connect(server.port, '127.0.0.1');
  client.write(`GET /health HTTP/1.1\r\n${host()}\r\nnonsense\r\n\r\n`);
  let received = '';
  for await (const part of client.setEncoding('utf8')) received += part;
  expect(received.startsWith('HTTP/1.1 200')).toBe(true);
});
