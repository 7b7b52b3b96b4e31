/** A resolver hears that its client is gone, so that what it does for it can stop. */
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { expect, it } from 'vitest';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
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
