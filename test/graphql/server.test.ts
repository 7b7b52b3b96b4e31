/** The engine by itself: what it takes of what http/ lets through. */
import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { createGraphQLServer } from '../../src/graphql/server.ts';
import { createLogger } from '../../src/log.ts';
import type { Tandem } from '../../src/services/tandem.ts';

it('takes a body as large as the limit says', async () => {
  const tandem = { config: { limits: defaultLimits } } as Tandem;
  const server = createGraphQLServer(tandem, createLogger('test', 'silent'));
  const frame = JSON.stringify({ query: '{ __typename }', variables: { x: '' } });
  const body = frame.replace('""', `"${'x'.repeat(defaultLimits.bodyBytes - frame.length)}"`);
  expect(Buffer.byteLength(body)).toBe(defaultLimits.bodyBytes);
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const answer = await server.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body });
  expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
});
