/** The losses on cosines of pairs on the device against float64, with ties, equal grades and equal cosines. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { type LossContext, openContext } from '../../src/nn/losses/context.ts';
import { cosentLoss } from '../../src/nn/losses/cosent.ts';
import { cosineMseLoss } from '../../src/nn/losses/cosine-mse.ts';
import type { LossOutput, PairInput } from '../../src/nn/losses/loss.ts';
import { pearsonLoss } from '../../src/nn/losses/pearson.ts';
import { proLoss, rowsWithLowerGrade } from '../../src/nn/losses/pro.ts';
import { logRankTargets, rankKlLoss } from '../../src/nn/losses/rank-kl.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/losses.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const losses = {
  pearson: { record: pearsonLoss, expected: reference.pearson, tolerance: tolerances.pearson },
  'rank-kl': { record: rankKlLoss, expected: reference.rankKl, tolerance: tolerances.rankKl },
  pro: { record: proLoss, expected: reference.pro, tolerance: tolerances.pro },
  'cosine-mse': { record: cosineMseLoss, expected: reference.cosineMse, tolerance: tolerances.cosineMse },
  cosent: {
    // CoSENT's scale is what divides by the temperature in the others.
    record: (
      context: LossContext,
      input: PairInput,
      { weight, temperature }: { weight: number; temperature: number },
    ) => cosentLoss(context, input, { weight, scale: 1 / temperature }),
    expected: (similarity: ArrayLike<number>, grades: ArrayLike<number>, temperature = 0.05) =>
      reference.cosent(similarity, grades, 1 / temperature),
    tolerance: tolerances.companion,
  },
} as const;
type Name = keyof typeof losses;
const names = Object.keys(losses) as Name[];

/** Grades by kind; all of them on 0..1. */
const gradesOf = {
  distinct: (n: number) => Float32Array.from({ length: n }, random(n).uniform),
  ties: (n: number) => Float32Array.from({ length: n }, () => 0).map((_, i) => random(n + i).integer(6) / 5),
  binary: (n: number) => Float32Array.from({ length: n }, (_, i) => (i * 7) % 2),
  equal: (n: number) => new Float32Array(n).fill(0.4),
};
type Kind = keyof typeof gradesOf;

async function compare(name: Name, similarity: Float32Array, grades: Float32Array, temperature = 0.05) {
  const { record, expected, tolerance } = losses[name];
  const weight = 2;
  const n = grades.length;
  const context = openContext(gpu);
  try {
    return await withTensors(gpu, async (scope) => {
      const dSimilarity = scope.upload('dSimilarity', [n], new Float32Array(n));
      const cosines = scope.upload('similarity', [n], similarity);
      const result: LossOutput<'pairs'> = record(
        context,
        { similarity: cosines, grades, dSimilarity },
        { weight, temperature },
      );
      const wanted = expected(similarity, grades, temperature);
      const value = await gpu.read(result.value);
      expectClose(value, [wanted.value], tolerance, name);
      expectClose(await gpu.read(context.total), [weight * value[0]], tolerances.exact, 'total');
      const gradient = (await gpu.read(dSimilarity)).map((sum) => sum / weight);
      const scale = Math.hypot(...wanted.dSimilarity);
      if (scale === 0) expectClose(gradient, wanted.dSimilarity, tolerances.exact, 'no gradient');
      // Below, Pearson and Rank-KL near their minimum: what is left of a difference in f32 is held to the absolute
      // tolerance only.
      else if (scale > 1e-3 || name === 'pro' || name === 'cosent')
        expectGradient(gradient, wanted.dSimilarity, `${name} gradient`);
      expectClose(gradient, wanted.dSimilarity, { absolute: 2e-5 * Math.max(scale, 0.05), relative: 1e-5 }, 'gradient');
      const warning = result.warnings?.['constantSimilarity'];
      return warning ? (await gpu.readU32(warning))[0] : 0;
    });
  } finally {
    context.endScratch();
    context.release();
  }
}

const sizes = [1, 2, 3, 13, 63, 64, 65, 129, 1031];
const kinds = Object.keys(gradesOf) as Kind[];

describe.each(names)('%s', (name) => {
  it.each(kinds.flatMap((kind) => sizes.map((n) => [kind, n] as const)))('%s grades, %i pairs', async (kind, n) => {
    const { uniform } = random(n + 5000);
    const similarity = Float32Array.from({ length: n }, () => uniform() * 2 - 1);
    expect(await compare(name, similarity, gradesOf[kind](n))).toBe(0);
  });

  it.each([0, -1, 1, 0.3])('all cosines %d', async (cosine) => {
    const warnings = await compare(name, new Float32Array(37).fill(cosine), gradesOf.ties(37));
    expect(warnings).toBe(name === 'pearson' ? 1 : 0);
  });

  it('cosines that differ in the fifth digit', async () => {
    const { uniform } = random(5);
    expect(
      await compare(
        name,
        Float32Array.from({ length: 32 }, () => 0.9 + uniform() * 1e-4),
        gradesOf.ties(32),
      ),
    ).toBe(0);
  });

  it('adds to the gradient that is there', () =>
    withTensors(gpu, async (scope) => {
      const [similarity, grades] = [random(3).floats(5, 0.3), gradesOf.distinct(5)];
      const dSimilarity = scope.upload('dSimilarity', [5], new Float32Array(5).fill(8));
      const cosines = scope.upload('similarity', [5], similarity);
      const context = openContext(gpu);
      losses[name].record(context, { similarity: cosines, grades, dSimilarity }, { weight: 1, temperature: 0.05 });
      context.endScratch();
      const expected = losses[name].expected(similarity, grades).dSimilarity.map((value) => value + 8);
      expectClose(await gpu.read(dSimilarity), expected, { absolute: 1e-5, relative: 1e-5 }, 'sum');
      context.release();
    }));

  it('a temperature of 0.02', async () => {
    const similarity = Float32Array.from({ length: 33 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    await compare(name, similarity, gradesOf.distinct(33), 0.02);
  });
});

it('CoSENT keeps three digits of value and gradient where the order is nearly solved', async () => {
  const grades = Float32Array.from({ length: 64 }, (_, i) => (i % 4) / 3);
  const { uniform } = random(9);
  const similarity = grades.map((grade) => 0.85 * (2 * grade - 1) + uniform() * 0.02);
  await compare('cosent', similarity, grades, 0.02);
});

describe('what the host computes', () => {
  it('shares the mean rank among ties', () => {
    const logs = logRankTargets(Float32Array.of(0.5, 1, 0.5, 0), 1);
    const logits = [0.5, 1, 0.5, 0];
    const total = reference.logSumExp(logits);
    expect(Array.from(logs)).toEqual(logits.map((logit) => expect.closeTo(logit - total, 12)));
  });

  it('judges ties after rounding to f32', () => {
    const logs = logRankTargets(Float32Array.of(0.3, 0.3 + 1e-9), 0.05);
    expect(logs[0]).toBe(logs[1]);
  });

  it('counts the rows that have a lower grade', () => {
    expect(rowsWithLowerGrade(Float32Array.of(0.2, 0.2, 0.7, 1))).toBe(2);
    expect(rowsWithLowerGrade(Float32Array.of(0.2, 0.2))).toBe(0);
  });
});
