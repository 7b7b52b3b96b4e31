/** What a plan would take, and what is refused by the models that it names. */
import { beforeAll, describe, expect, it } from 'vitest';
import { planFusion } from '../../../src/fusion/open-fusion.ts';
import type { FusionPlan } from '../../../src/fusion/types.ts';
import { openStorage, type Storage } from '../../../src/storage/storage.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type FamilyModels, familyModels, fused } from './family-models.ts';

const soup = (...inputs: (number | FusionPlan)[]): FusionPlan => ({ method: 'uniform-soup', parameters: {}, inputs });
const linear = (weights: number[], ...inputs: (number | FusionPlan)[]): FusionPlan => ({
  ...{ method: 'linear', parameters: {}, weights, inputs },
});

describe('planning a fusion', () => {
  const folder = temporaryFolder();
  let storage: Storage;
  let family: FamilyModels;

  beforeAll(async () => {
    storage = openStorage(folder());
    family = await familyModels(storage, 'modernbert-mean-dense', [0.1, 0.2, 0.3]);
  });

  const input = (plan: FusionPlan) => ({ plan, initial: family.initial, checkpoints: family.checkpoints });
  const planned = (plan: FusionPlan) => planFusion(storage, input(plan));
  const sizes = () => family.parameters.map(({ shape }) => 4 * shape.reduce((size, n) => size * n, 1));

  it('tells its tensors, bytes and memory', async () => {
    const largest = Math.max(...sizes());
    const tensors = family.parameters.length;
    const bytes = sizes().reduce((sum, size) => sum + size, 0);
    // The base, three checkpoints and the result.
    expect(await planned(soup(0, 1, 2))).toEqual({ tensors, mergedTensors: tensors, bytes, memoryBytes: 5 * largest });
    // While the second node is merged: the base, the first one's result, two checkpoints and its own result.
    const twice = await planned(soup(soup(0, 1), soup(1, 2)));
    expect(twice).toEqual({ tensors, mergedTensors: tensors, bytes, memoryBytes: 5 * largest });
    const deep = await planned(soup(soup(soup(0, 1), 2), soup(1, soup(0, 2))));
    expect(deep).toMatchObject({ memoryBytes: 5 * largest });
  });

  it('counts what globs leave to the base', async () => {
    const plan = { ...soup(0, 1, 2), only: ['2_Dense/*'] };
    const own = family.parameters.flatMap(({ name }, i) => (name.startsWith('dense.0.') ? [sizes()[i]!] : []));
    const { mergedTensors, memoryBytes } = await planned(plan);
    expect([mergedTensors, own.length > 0]).toEqual([own.length, true]);
    expect(memoryBytes).toBe(Math.max(5 * Math.max(...own), ...sizes()));
  });

  it.each<[string, FusionPlan, string, RegExp]>([
    [
      'a glob without a match',
      soup(0, { ...soup(1, 2), only: ['layers.*', 'encoder.*'] }),
      'input.plan.inputs.1.plan.only.1',
      /No parameter of the model matches "encoder\.\*"/,
    ],
    [
      'a node that takes part in nothing',
      { ...soup({ ...soup(0, 1), only: ['layers.*'] }, { ...soup(1, 2), only: ['layers.*'] }), only: ['2_Dense/*'] },
      'input.plan.only',
      /takes part in no parameter/,
    ],
    [
      'weights that sum to 0 where an input takes no part',
      linear([1, 1, -1], { ...soup(0, 1), only: ['layers.*'] }, 1, 2),
      'input.plan.weights',
      /1, -1 sum to 0/,
    ],
    ['a checkpoint that it does not use', soup(0, 1), 'input.plan', /does not use checkpoint 2/],
  ])('refuses %s, as fusing does', async (_what, plan, field, message) => {
    const refused = expect.objectContaining({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
      details: expect.objectContaining({ field }),
    });
    await expect(planned(plan)).rejects.toThrow(refused);
    await expect(fused(storage, input(plan))).rejects.toThrow(refused);
  });

  it('refuses values beyond f32, and stops when told to', async () => {
    const sum: FusionPlan = { method: 'task-arithmetic', parameters: {}, weights: [1e300, 1, 1], inputs: [0, 1, 2] };
    const large = soup(sum, 0);
    await expect(fused(storage, input(large))).rejects.toThrow(/The fused tensor .* holds -?Infinity at/);
    const stop = new AbortController();
    const tensors = fused(storage, input(soup(soup(0, 1), 2)), {
      signal: stop.signal,
      onTensor: (done) => done === 3 && stop.abort(new Error('enough')),
    });
    await expect(tensors).rejects.toThrow('enough');
  });
});
