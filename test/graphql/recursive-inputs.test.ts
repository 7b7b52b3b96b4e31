/** Variables with thousands of inputs inside each other are refused before graphql completes them. */
import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { planLimits } from '../../src/fusion/plan/read-plan.ts';
import { refusalsOf } from '../../src/graphql/limits/limits.ts';
import { mostRecursiveInputs } from '../../src/graphql/limits/recursive-inputs.ts';
import { schema } from '../../src/graphql/schema.ts';
import { processorMs } from '../processor-time.ts';

const planning = parse('query ($v: FuseCheckpointsInput!) { planFusion(input: $v) { text } }');
const listing = parse('query ($f: RunFilter) { runs(filter: $f) { totalCount } }');
const importing = parse('mutation ($v: ImportDatasetInput!) { importDataset(input: $v) { dataset { id } } }');

const leaf = { checkpoint: { alias: 'a' } };
const plan = (inputs: readonly object[]) => ({ method: 'LINEAR', inputs });
const wide = (count: number) => Array.from({ length: count }, () => leaf);

const refusals = (document: typeof planning, variableValues: Record<string, unknown>) =>
  refusalsOf({ schema, document, variableValues }, defaultLimits);
const refused = (field: string) => [
  { extensions: { code: 'LIMIT_EXCEEDED', field, expected: expect.stringContaining(`${mostRecursiveInputs}`) } },
];

it('refuses too many, in width and in depth, and as parts of a value that does not fit', () => {
  expect(refusals(planning, { v: { plan: plan(wide(mostRecursiveInputs)) } })).toMatchObject(refused('v'));
  const pairs = Array.from({ length: 700 }, () => ({ plan: plan([leaf, { nothing: 1 }]) }));
  expect(refusals(planning, { v: { plan: plan(pairs), nothing: 7 } })).toMatchObject(refused('v'));
  const filters = Array.from({ length: mostRecursiveInputs }, () => ({ not: null }));
  expect(refusals(listing, { f: { and: [[filters]] } })).toMatchObject(refused('f'));
  let deep: object = { name: 'a' };
  for (let i = 0; i < 500; i++) deep = { or: [deep, {}, {}, {}] };
  expect(refusals(listing, { f: deep })).toMatchObject(refused('f'));
});

it('takes the largest plan, and any number of what holds none of its own', () => {
  expect(refusals(planning, { v: { plan: plan(wide(planLimits.inputs)) } })).toEqual([]);
  const text = { text: 'a' };
  const record = { task: 'STS', query: text, positives: [{ text, score: 1 }], negatives: [] };
  const records = Array.from({ length: 10_000 }, () => record);
  expect(refusals(importing, { v: { name: 'x', source: { records } } })).toEqual([]);
});

it('takes no time for a plan of 10,000 inputs', async () => {
  const inputs = Array.from({ length: 100 }, () => ({ plan: plan(wide(100)) }));
  let errors: readonly object[] = [];
  const taken = await processorMs(async () => {
    errors = refusals(planning, { v: { plan: plan(inputs) } });
  });
  expect(errors).toMatchObject(refused('v'));
  expect(taken).toBeLessThan(100);
});
