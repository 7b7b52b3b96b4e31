/** Requests that a client sends without waiting for answers keep nobody else from the server. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { mostWaiting } from '../../src/http/turns.ts';
import { serve } from './serve.ts';

let server: HttpServer;
let [running, most, count] = [0, 0, 0];
beforeAll(async () => {
  const rootValue = {
    async x() {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
      return ++count;
    },
  };
  const schema = buildSchema('type Query { x: Int }');
  const graphql = createYoga<Served, Context>({ schema, plugins: [withRoot(rootValue)] });
  server = await serve({ graphql });
});
afterAll(() => server.close());

const withRoot = (rootValue: object) => ({
  onExecute: ({ args }: { args: { rootValue: unknown } }) => {
    args.rootValue = rootValue;
  },
});

function requests(number: number): string {
  const body = '{"query":"{ x }"}';
  const head = [
    'POST /graphql HTTP/1.1',
    `host: 127.0.0.1:${server.port}`,
    'x-graphql-yoga-csrf: 1',
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`.repeat(number);
}

/** What comes back until the connection ends, or `answers` answers are there. */
async function send(text: string, answers: number): Promise<string> {
  const client = connect(server.port, '127.0.0.1');
  let received = '';
  client.setEncoding('utf8').on('data', (part: string) => {
    received += part;
    if (received.split('HTTP/1.1 ').length - 1 >= answers && received.includes('}}')) client.end();
  });
  const ended = new Promise<void>((resolve) => client.on('error', () => resolve()).once('close', () => resolve()));
  client.write(text);
  await ended;
  return received;
}

it('are answered one at a time, in their order', async () => {
  [most, count] = [0, 0];
  const received = await send(requests(20), 20);
  const numbers = [...received.matchAll(/"x":(\d+)/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(most).toBe(1);
});

it('are refused beyond a number, after the answers to those before', async () => {
  count = 0;
  const received = await send(requests(mostWaiting + 10), Number.POSITIVE_INFINITY);
  expect([...received.matchAll(/"x":/g)]).toHaveLength(mostWaiting);
  expect(received.split('HTTP/1.1 429 ')[1]).toContain('LIMIT_EXCEEDED');
  expect(count).toBe(mostWaiting);
});

it('are bounded: 20,000 of them neither stall others nor are worked on', async () => {
  count = 0;
  let [worst, done] = [0, false];
  const sent = send(requests(20_000), Number.POSITIVE_INFINITY).finally(() => {
    done = true;
  });
  while (!done) {
    const begin = performance.now();
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    worst = Math.max(worst, performance.now() - begin);
    await sleep(5);
  }
  await sent;
  expect(count).toBeLessThanOrEqual(mostWaiting);
  expect(worst).toBeLessThan(5_000);
});

it('on many connections are worked on at once', async () => {
  most = 0;
  await Promise.all(Array.from({ length: 8 }, () => send(requests(10), 10)));
  expect(most).toBeGreaterThan(1);
});
