/** The engine by itself: what it takes of what http/ lets through. */
import { expect, it } from 'vitest';
import { defaultLimits, loadConfig } from '../../src/config.ts';
import { createGraphQLServer } from '../../src/graphql/server.ts';
import { createLogger } from '../../src/log.ts';
import type { Tandem } from '../../src/services/tandem.ts';
import { processorMs } from '../processor-time.ts';

const tandem = { config: loadConfig({}) } as Tandem;
const server = createGraphQLServer(tandem, createLogger('test', 'silent'));

/** What is answered to a body, as it was sent. */
async function send(body: string, accept = 'application/json'): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept };
  const caller = { name: 'test', role: 'admin', keyId: null, bucket: 'test' } as const;
  const served = { caller, connection: 'http' } as const;
  return server.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body }, served);
}

it('takes a body as large as the limit says', async () => {
  const frame = JSON.stringify({ query: '{ __typename }', variables: { x: '' } });
  const body = frame.replace('""', `"${'x'.repeat(defaultLimits.bodyBytes - frame.length)}"`);
  expect(Buffer.byteLength(body)).toBe(defaultLimits.bodyBytes);
  const answer = await send(body);
  expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
});

it.each([
  ['no operation', { query: 'type Query { x: Int }' }],
  ['several operations and no name', { query: 'query A { __typename } query B { __typename }' }],
  ['a name that no operation has', { query: '{ __typename }', operationName: 'A' }],
])('says what to send instead of %s', async (_what, body) => {
  const answer = await send(JSON.stringify(body));
  expect(answer.status).toBe(400);
  const extensions = { code: 'BAD_USER_INPUT', field: 'operationName', remedy: expect.any(String) };
  expect(await answer.json()).toMatchObject({ errors: [{ extensions }] });
});

it('refuses an operation that is nested too deep', async () => {
  const answer = await send(JSON.stringify({ query: `{ system(a: ${'['.repeat(1_900)}1${']'.repeat(1_900)}) }` }));
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
});

it.each([80, 365, 2_000, 50_000])('refuses a plan of %i levels in the variables', async (levels) => {
  const leaf = '{"method":"UNIFORM_SOUP","inputs":[]}';
  // Written by hand: JSON.stringify would overflow the stack.
  const plan = `${'{"method":"UNIFORM_SOUP","inputs":[{"plan":'.repeat(levels)}${leaf}${'}]}'.repeat(levels)}`;
  const query = 'query($input: FuseCheckpointsInput!) { planFusion(input: $input) { text } }';
  const answer = await send(`{"query":${JSON.stringify(query)},"variables":{"input":{"plan":${plan}}}}`);
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
});

it.each([
  ['left out', 'subscription { jobEvents(jobId: "x") @skip(if: true) { id } }'],
  ['kept', 'subscription { jobEvents(jobId: "x") @include(if: true) { id } }'],
  ['in a fragment', 'subscription { ... @include(if: false) { jobEvents(jobId: "x") { id } } }'],
  [
    'in a named one',
    'subscription { ...F } fragment F on Subscription { jobEvents(jobId: "x") @skip(if: true) { id } }',
  ],
])('refuses a subscription whose field is %s', async (_what, query) => {
  const answer = await send(JSON.stringify({ query }), 'text/event-stream');
  const text = await answer.text();
  expect(text).toContain('A subscription has @skip or @include on its field');
  expect(text).toContain('"code":"BAD_USER_INPUT"');
});

it('lets a subscription choose what is told of each event', async () => {
  const query =
    'subscription { jobEvents(jobId: "x") { id @skip(if: true) ...F } } fragment F on Job { ...G @skip(if: true) } fragment G on Job { id }';
  const answer = await send(JSON.stringify({ query }), 'text/event-stream');
  expect(await answer.text()).toContain('is not a global id');
});

it('tells the first errors of 300,000 values that do not fit, and soon', async () => {
  const query = 'query ($v: [String!]!) { embed(checkpoint: { alias: "a" }, texts: $v) { dimensions } }';
  const body = JSON.stringify({ query, variables: { v: Array.from({ length: 300_000 }, () => null) } });
  let errors: { extensions: { code: string } }[] = [];
  const taken = await processorMs(async () => {
    ({ errors } = (await (await send(body)).json()) as { errors: typeof errors });
  });
  expect(taken).toBeLessThan(2_000);
  expect(errors.length).toBeLessThan(30);
  expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']));
});
