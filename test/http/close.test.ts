/** The server stops although clients stall. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { expect, it } from 'vitest';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
import { serve } from './serve.ts';

it('closes within a second although an upload stalls', async () => {
  const graphql = createYoga<Served, Context>({ schema: buildSchema('type Query { x: Int }') });
  const server = await serve({ graphql });
  const client = connect(server.port, '127.0.0.1');
  client.on('error', () => {});
  const ended = new Promise((resolve) => client.once('close', resolve));
  const head = [
    'POST /graphql HTTP/1.1',
    `host: 127.0.0.1:${server.port}`,
    'x-graphql-yoga-csrf: 1',
    'content-type: application/json',
    'content-length: 1000',
  ];
  client.write(`${head.join('\r\n')}\r\n\r\n{"a`);
  await sleep(100);

  const begin = performance.now();
  server.drain();
  await server.close();
  expect(performance.now() - begin).toBeLessThan(10_000);
  await ended;
});
