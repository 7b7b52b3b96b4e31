/**
 * Rows that are nearly solved: what is left of loss and gradient is the mass of the other columns, however small it is
 * beside the target's. Value and every slope are held to 1e-3 of themselves down to losses of 1e-6.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { openContext } from '../../src/nn/losses/context.ts';
import { infonceLoss } from '../../src/nn/losses/infonce.ts';
import { innerInfonceLoss } from '../../src/nn/losses/inner-infonce.ts';
import { proLoss } from '../../src/nn/losses/pro.ts';
import { awkward, expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/losses.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** Of itself, whatever the size; the absolute part is far below any slope that a test expects. */
const thousandth = { absolute: 1e-12, relative: 1e-3 };
const levels = [1e-6, 1e-5, 1e-4, 1e-2, 0.5, 2];

/** [rows, columns] transposed, so that products with identity rows are the cosines themselves. */
const transposed = (scores: Float32Array, rows: number): Float32Array =>
  Float32Array.from(scores, (_, at) => scores[(at % rows) * (scores.length / rows) + Math.floor(at / rows)]);

interface Scores {
  readonly B: number;
  readonly P?: number;
  /** [B, B*P] and [B, M]. */
  readonly positives: Float32Array;
  readonly negatives?: Float32Array;
  readonly temperature?: number;
  readonly rowWeights?: Float32Array;
}

/** Compares value and the slope of every cosine. */
async function compareInfonce({ B, P = 1, positives, negatives, temperature = 0.02, rowWeights }: Scores) {
  const identity = Float32Array.from({ length: B * B }, (_, at) => (at % (B + 1) === 0 ? 1 : 0));
  const [p, n] = [transposed(positives, B), negatives ? transposed(negatives, B) : new Float32Array(0)];
  const [queries64, p64, n64] = [identity, p, n].map((rows) => Float64Array.from(rows));
  const shared = { width: B, P, N: n.length / B / B, temperature, rowWeights };
  const expected = reference.infonce({ queries: queries64, positives: p64, negatives: n64, ...shared });
  const context = openContext(gpu);
  try {
    await withTensors(gpu, async (scope) => {
      const result = infonceLoss(
        context,
        'infonce',
        {
          queries: scope.upload('queries', [B, B], identity),
          positives: scope.upload('positives', [p.length / B, B], p),
          negatives: n.length > 0 ? scope.upload('negatives', [n.length / B, B], n) : null,
          rowWeights,
        },
        { weight: 1, temperature },
      );
      expectClose(await gpu.read(result.value), [expected.value], thousandth, 'value');
      expectClose(await gpu.read(result.dPositives), expected.dPositives, thousandth, 'positives');
      if (result.dNegatives)
        expectClose(await gpu.read(result.dNegatives), expected.dNegatives, thousandth, 'negatives');
    });
  } finally {
    context.endScratch();
    context.release();
  }
  return expected;
}

/** A cosine that stands so far below `own` that `columns` of its kind give about this loss. */
const below = (own: number, level: number, columns: number, temperature: number, jitter: number): number =>
  own - temperature * (Math.log(Math.max(1, columns)) - Math.log(Math.expm1(level)) + jitter);

/** Every row solved to about its level, the target in the diagonal of each slot. */
function solved(B: number, P: number, N: number, level: (row: number) => number, temperature = 0.02): Scores {
  const { uniform } = random(B * 100 + P * 10 + N);
  const owns = Array.from({ length: B * P }, () => 0.8 + 0.15 * uniform());
  const other = (row: number, own: number) => below(own, level(row), B - 1 + B * N, temperature, uniform() - 0.5);
  return {
    B,
    P,
    temperature,
    positives: Float32Array.from({ length: B * B * P }, (_, at) => {
      const [row, column] = [Math.floor(at / (B * P)), at % (B * P)];
      const own = owns[row * P + (column % P)]!;
      return Math.floor(column / P) === row ? own : other(row, own);
    }),
    negatives: Float32Array.from({ length: B * B * N }, (_, at) => {
      const row = Math.floor(at / (B * N));
      return other(row, Math.max(...owns.slice(row * P, (row + 1) * P)));
    }),
  };
}

describe('InfoNCE of nearly solved rows', () => {
  it.each([0.75, 0.7, 0.69])('0.97 against %d', async (negative) => {
    const { value } = await compareInfonce({
      B: 1,
      positives: Float32Array.of(0.97),
      negatives: Float32Array.of(negative),
    });
    expect(value).toBeLessThan(2e-5);
  });

  it.each(levels.flatMap((level) => awkward.map((B) => [level, B] as const)))('to %d, %i queries', async (level, B) => {
    const { value } = await compareInfonce(solved(B, 1, 1, () => level));
    expect(value).toBeGreaterThan(level / 3);
    expect(value).toBeLessThan(level * 3);
  });

  it.each([
    [7, 3, 2],
    [65, 2, 1],
    [33, 1, 0],
  ])('beside unsolved ones, %i queries, %i positives, %i negatives each', async (B, P, N) => {
    await compareInfonce(solved(B, P, N, (row) => levels[row % levels.length]!));
  });

  it.each([0.005, 0.1, 0.5])('at a temperature of %d', async (temperature) => {
    await compareInfonce(solved(13, 1, 2, (row) => (row % 2 === 0 ? 1e-3 : 1), temperature));
  });
});

describe('inner InfoNCE of nearly solved rows', () => {
  it.each([1e-6, 1e-4, 0.5].flatMap((level) => [2, 13, 65].map((B) => [level, B] as const)))(
    'to %d, %i pairs',
    async (level, B) => {
      const { positives } = solved(B, 1, 0, () => level);
      const partners = transposed(positives, B);
      const identity = Float32Array.from({ length: B * B }, (_, at) => (at % (B + 1) === 0 ? 1 : 0));
      const grades = Float32Array.from({ length: B }, (_, row) => (row % 3 === 0 ? 1 : 0.5));
      const [queries64, partners64] = [identity, partners].map((rows) => Float64Array.from(rows));
      const expected = reference.innerInfonce(queries64, partners64, B, grades);
      const context = openContext(gpu);
      await withTensors(gpu, async (scope) => {
        const input = {
          queries: scope.upload('queries', [B, B], identity),
          partners: scope.upload('partners', [B, B], partners),
          grades,
        };
        const result = innerInfonceLoss(context, input, { weight: 1, temperature: 0.02, threshold: 1, layer: 0 });
        expectClose(await gpu.read(result.value), [expected.value], thousandth, 'value');
        expectClose(await gpu.read(result.dPartners), expected.dPositives, thousandth, 'partners');
        context.endScratch();
        context.release();
      });
    },
  );
});

describe('PRO of nearly solved rows', () => {
  async function comparePro(similarity: Float32Array, grades: Float32Array, bySlope: boolean): Promise<number> {
    const expected = reference.pro(similarity, grades);
    const context = openContext(gpu);
    await withTensors(gpu, async (scope) => {
      const dSimilarity = scope.upload('dSimilarity', [grades.length], new Float32Array(grades.length));
      const cosines = scope.upload('similarity', [grades.length], similarity);
      const result = proLoss(context, { similarity: cosines, grades, dSimilarity }, { weight: 1, temperature: 0.05 });
      expectClose(await gpu.read(result.value), [expected.value], thousandth, 'value');
      const slopes = await gpu.read(dSimilarity);
      expectGradient(slopes, expected.dSimilarity, 'slopes');
      if (bySlope) expectClose(slopes, expected.dSimilarity, thousandth, 'slopes');
      context.endScratch();
      context.release();
    });
    return expected.value;
  }

  it.each(levels.flatMap((level) => [2, 3, 13, 63, 64, 65, 129].map((n) => [level, n] as const)))(
    'to %d, two grades, %i pairs',
    async (level, n) => {
      const { uniform } = random(n);
      const grades = Float32Array.from({ length: n }, (_, i) => i % 2);
      const similarity = grades.map((grade) =>
        grade === 1 ? 0.95 + 0.01 * uniform() : below(0.955, level, Math.ceil(n / 2), 0.05, uniform() - 0.5),
      );
      expect(await comparePro(similarity, grades, true)).toBeLessThan(level * 3);
    },
  );

  it('with many grades, all rows solved but those beside the lowest', async () => {
    const grades = Float32Array.from({ length: 65 }, (_, i) => (i % 6) / 5);
    const { uniform } = random(65);
    const similarity = grades.map((grade) => Math.min(1, Math.max(-1, 2 * grade - 1 + 0.02 * (uniform() - 0.5))));
    await comparePro(similarity, grades, false);
  });

  it('one pair above two', async () => {
    const value = await comparePro(Float32Array.of(0.97, 0.2, 0.25), Float32Array.of(1, 0, 0), true);
    expect(value).toBeLessThan(2e-6);
  });
});
