/** What is done for a client ends when it is gone: a resolver hears of it, and nothing begins any more. */
import { EventEmitter, on, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { expect, it } from 'vitest';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
import { metrics } from '../../src/observe/metrics.ts';
import { serve } from './serve.ts';

it('aborts the signal of a request whose client hangs up', async () => {
  let [begun, heard] = [(): void => {}, (): void => {}];
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const aborted = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const schema = buildSchema('type Query { wait: Int }');
  const rootValue = {
    wait: (_args: unknown, { signal }: Context) => {
      begun();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          heard();
          reject(new Error('gone'));
        });
      });
    },
  };
  const context = ({ request }: { request: Request }) => ({ signal: request.signal }) as Context;
  const graphql = createYoga<Served, Context>({
    schema,
    context,
    logging: false,
    plugins: [{ onExecute: ({ args }: { args: object }) => void Object.assign(args, { rootValue }) }],
  });
  const server = await serve({ graphql });
  const client = new AbortController();
  const answer = fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' },
    body: JSON.stringify({ query: '{ wait }' }),
    signal: client.signal,
  });
  await asked;
  client.abort();
  await expect(answer).rejects.toThrow();
  await aborted;
  await server.close();
});

it('leaves nothing open for clients that go while their operations wait for a turn', async () => {
  const schema = buildSchema('type Query { now: Int } type Subscription { waits: Int }');
  const [followed, clients]: [AbortSignal[], Socket[]] = [[], []];
  const waits = schema.getSubscriptionType()?.getFields()['waits'];
  if (!waits) throw new Error('the schema has no subscription');
  waits.subscribe = (_root: unknown, _args: unknown, { signal }: Context) => {
    followed.push(signal);
    // All go as soon as the first of them has begun.
    for (const client of clients.splice(0)) client.destroy();
    for (const until = performance.now() + 5; performance.now() < until; );
    return on(new EventEmitter(), 'never', { signal });
  };
  const context = ({ request }: { request: Request }) => ({ signal: request.signal }) as Context;
  const graphql = createYoga<Served, Context>({ schema, context, logging: false });
  const server = await serve({ graphql });
  const body = JSON.stringify({ query: 'subscription { waits }' });
  const lines = [
    'POST /graphql HTTP/1.1',
    `host: 127.0.0.1:${server.port}`,
    ...['content-type: application/json', 'accept: text/event-stream', 'x-graphql-yoga-csrf: 1'],
    `content-length: ${body.length}`,
  ];
  clients.push(...Array.from({ length: 60 }, () => connect(server.port, '127.0.0.1')));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  for (const client of clients) client.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  await expect.poll(() => followed.length).toBeGreaterThan(0);
  await expect.poll(() => metrics.httpOpen.family().samples[0]?.value).toBe(0);
  // Whoever still waited has had a turn then.
  await sleep(500);
  expect(followed.map(({ aborted }) => aborted)).toEqual(followed.map(() => true));
  await server.close();
});
