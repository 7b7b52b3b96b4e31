/** Every string and JSON value of an argument is checked, whatever the field, and named by its path. */
import { buildSchema, graphql } from 'graphql';
import { describe, expect, it } from 'vitest';
import { TandemError } from '../../src/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import { withWellFormedArguments } from '../../src/graphql/well-formed.ts';

const sdl = buildSchema(`
  scalar JSON
  input Item { name: String, tags: [String!], data: JSON, inner: Item }
  type Query { echo(item: Item, ids: [[ID!]], text: String = "x"): String }
`);
sdl.getQueryType()!.getFields()['echo']!.resolve = (_root, args: unknown) => JSON.stringify(args);
withWellFormedArguments(sdl);

const operation = 'query($i: Item, $d: [[ID!]], $t: String) { echo(item: $i, ids: $d, text: $t) }';

/** [code, field] of the refusal; what arrived if it is not refused. */
async function answerTo(variableValues: Record<string, unknown>, source = operation): Promise<unknown> {
  const { data, errors } = await graphql({ schema: sdl, source, variableValues });
  const origin = errors?.[0]?.originalError;
  return origin instanceof TandemError ? [origin.code, origin.details.field] : (errors?.[0] ?? data?.['echo']);
}

const half = 'a\ud83d';
const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`);

describe('arguments', () => {
  it.each([
    ['half a pair', { t: half }, 'text'],
    ['the other half', { t: '\ude00b' }, 'text'],
    ['halves in the wrong order', { t: '\ude00\ud83d' }, 'text'],
    ['a NUL', { t: 'a\0' }, 'text'],
    ['a NUL in a list of lists', { d: [['a'], ['b', '\0']] }, 'ids.1.1'],
    ['half a pair in an input', { i: { name: half } }, 'item.name'],
    ['half a pair in a list of an input', { i: { tags: ['a', half] } }, 'item.tags.1'],
    ['a NUL deep in inputs', { i: { inner: { inner: { name: '\0' } } } }, 'item.inner.inner.name'],
    ['half a pair in JSON', { i: { data: { a: [{ b: half }] } } }, 'item.data.a.0.b'],
    ['a NUL in a key of JSON', { i: { data: { a: { 'x\0': 1 } } } }, 'item.data.a'],
    ['an integer that is rounded', { i: { data: { n: 2 ** 53 } } }, 'item.data.n'],
    ['a negative one', { i: { data: [-(2 ** 53)] } }, 'item.data.0'],
    ['a number that is infinite', { i: { data: JSON.parse('1e400') } }, 'item.data'],
  ])('are refused for %s', async (_what, variables, field) => {
    expect(await answerTo(variables)).toEqual(['BAD_USER_INPUT', field]);
  });

  it('are refused for JSON that is nested too deep, not for the deepest allowed', async () => {
    expect(await answerTo({ i: { data: nested(64) } })).toContain('item');
    expect(await answerTo({ i: { data: nested(65) } })).toEqual(['BAD_USER_INPUT', expect.stringContaining('data.a')]);
    expect(await answerTo({ i: { data: nested(8_000) } })).toEqual(['BAD_USER_INPUT', expect.any(String)]);
  });

  it('are checked where they stand in the operation itself', async () => {
    expect(await answerTo({}, '{ echo(item: {data: {n: 12345678901234567890}}) }')).toEqual([
      'BAD_USER_INPUT',
      'item.data.n',
    ]);
    expect(await answerTo({}, '{ echo(text: "a\\u0000") }')).toEqual(['BAD_USER_INPUT', 'text']);
  });

  it('pass as they are otherwise', async () => {
    const i = { name: '\ud83d\ude00', tags: [''], data: { a: 'six characters: \\u0000', n: [2 ** 53 - 1, 0.1, null] } };
    expect(JSON.parse((await answerTo({ i, d: null, t: null })) as string)).toEqual({ item: i, ids: null, text: null });
  });
});

it('subscriptions of the API are checked too', async () => {
  const { subscribe } = schema.getSubscriptionType()!.getFields()['jobEvents']!;
  const context = { position: { lastEventId: undefined, eventId: undefined, begun: true } };
  const begin = async () => subscribe!({}, { jobId: '\0' }, context, {} as never);
  await expect(begin()).rejects.toThrow('jobId has a NUL character');
});
