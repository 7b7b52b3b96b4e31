/**
 * The means of weights and of deltas, over whole models of two families and where their formulas have an edge: equal to
 * the float64 references to the last bit of f32. The arithmetic is that of docs/method.md section 5, in its order.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { fusionGranularities } from '../../src/fusion/catalog.ts';
import type { FusionPlan } from '../../src/fusion/types.ts';
import type { NamedTensor } from '../../src/model/types.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { deltaGuided, linear, type ReferenceModel, uniformSoup } from '../reference/fusion.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type FamilyModels, familyModels, fused, rounded } from './plan/family-models.ts';

const times =
  (factor: number) =>
  (tensor: NamedTensor): NamedTensor => ({ ...tensor, data: tensor.data.map((value) => factor * value) });

/** Deltas of the size of the weights, of 1e-7, of 0, and two that are opposite to the last bit. */
const moves = [0.1, 1e-7, 0.03, 0, times(2), times(0)] as const;

/** Which of them are fused. */
const cases: [string, number[]][] = [
  ['different checkpoints', [0, 1, 2]],
  ['equal checkpoints', [0, 0, 0]],
  ['zero deltas', [3, 3]],
  ['one zero delta', [0, 3, 2]],
  ['opposite deltas', [4, 5]],
  ['opposite deltas and another', [4, 2, 5]],
];

describe.each(['modernbert-mean-dense', 'llama-weightedmean'] as const)('models like %s', (name) => {
  const folder = temporaryFolder();
  let storage: Storage;
  let family: FamilyModels;

  beforeAll(async () => {
    storage = openStorage(folder());
    family = await familyModels(storage, name, moves);
  });

  const run = (plan: FusionPlan, places: readonly number[]) =>
    fused(storage, { plan, initial: family.initial, checkpoints: places.map((k) => family.checkpoints[k]!) });
  const modelsAt = (places: readonly number[]) => places.map((k) => family.models[k]!);
  const round = (values: ReadonlyMap<string, readonly number[]>) => rounded(values, family.start);
  const groupOf = (tensor: string) => family.parameters.find((parameter) => parameter.name === tensor)!.group;

  function expectEqual(found: ReferenceModel, expected: ReferenceModel): void {
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [tensor, { data }] of found) {
      const wanted = expected.get(tensor)!.data;
      const wrong = data.findIndex((value, i) => !Object.is(value, wanted[i]));
      expect([tensor, wrong, data[wrong]]).toEqual([tensor, -1, undefined]);
    }
  }

  it.each(cases)('%s are averaged, weighted and not', async (_, places) => {
    const soup = round(uniformSoup(modelsAt(places)));
    expectEqual(await run({ method: 'uniform-soup', parameters: {} }, places), soup);
    for (const weights of [
      [0.7, 0.2, 0.1],
      [3, -1, 0.5],
      [0, 0.1, 4],
    ]) {
      const given = weights.slice(0, places.length);
      const found = await run({ method: 'linear', parameters: {}, weights: given }, places);
      expectEqual(found, round(linear(modelsAt(places), given)));
    }
    expectEqual(await run({ method: 'delta-guided', parameters: { power: 0 } }, places), soup);
  });

  it.each(fusionGranularities)('are fused delta-guided by %s', async (granularity) => {
    const equals = async (places: readonly number[], power: number, lambda: number) => {
      const settings = { granularity, power, lambda };
      const found = await run({ method: 'delta-guided', parameters: settings }, places);
      expectEqual(found, round(deltaGuided(family.start, modelsAt(places), settings, groupOf)));
    };
    for (const [, places] of cases) await equals(places, 1, 1);
    await equals([0, 1, 2], 2, -0.5);
    await equals([0, 3, 2], -8, 1.5);
  });

  it('gives theta_0 where no delta counts, and one checkpoint or equal ones back', async () => {
    for (const power of [-1, 0, 1]) {
      expectEqual(await run({ method: 'delta-guided', parameters: { power } }, [3, 3]), family.start);
      const again = await run({ method: 'delta-guided', parameters: { power } }, [2, 2, 2]);
      expectEqual(again, family.models[2]!);
    }
    expectEqual(await run({ method: 'linear', parameters: {}, weights: [0.3] }, [0]), family.models[0]!);
  });

  it('refuses weights that sum to 0, and one checkpoint where two are needed', async () => {
    const weightless = run({ method: 'linear', parameters: {}, weights: [1, -2, 1] }, [0, 1, 2]);
    await expect(weightless).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching('to 0') });
    for (const method of ['uniform-soup', 'delta-guided'] as const) {
      const alone = run({ method, parameters: {} }, [0]);
      await expect(alone).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'input.plan.inputs' } });
    }
  });
});
