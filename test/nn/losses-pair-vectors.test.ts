/** The losses on the vectors of pairs against float64, with equal grades and what else leaves them nothing to do. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import type { LossName } from '../../src/nn/losses/catalog.ts';
import { stsLoss } from '../../src/nn/losses/index.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/losses.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const unitRows = (seed: number, rows: number, width: number): Float32Array =>
  Float32Array.from(reference.normalise(random(seed).floats(rows * width), width).unit);

interface Found {
  readonly value: number;
  readonly dQueries: Float64Array;
  readonly dPartners: Float64Array;
}

/** Value and gradients with respect to the unit rows, without the weight that they were computed with. */
async function onDevice(
  loss: LossName,
  queries: Float32Array,
  partners: Float32Array,
  grades: Float32Array,
  parameters: Record<string, number> = {},
): Promise<Found> {
  return withTensors(gpu, async (scope) => {
    const shape = [grades.length, queries.length / grades.length];
    const weight = 3;
    const result = stsLoss(gpu, {
      queries: scope.upload('queries', shape, queries),
      partners: scope.upload('partners', shape, partners),
      ...{ innerQueries: null, innerPartners: null, grades },
      terms: [{ loss, weight, parameters }],
    });
    const value = (await gpu.read(result.components[loss]!))[0]!;
    expectClose(await gpu.read(result.total), [value * weight], tolerances.elementwise, 'total');
    const gradients = [result.gradients.queries, result.gradients.partners].map(async (gradient) =>
      Float64Array.from(await gpu.read(gradient), (slope) => slope / weight),
    );
    const [dQueries, dPartners] = await Promise.all(gradients);
    result.release();
    return { value, dQueries: dQueries!, dPartners: dPartners! };
  });
}

function expectFound(found: Found, expected: Found): void {
  expectClose([found.value], [expected.value], tolerances.companion, 'value');
  expectGradient(found.dQueries, expected.dQueries, 'queries');
  expectGradient(found.dPartners, expected.dPartners, 'partners');
}

/** Grades of n pairs: all different, few, or equal. */
const gradesOf = {
  distinct: (n: number) => Float32Array.from({ length: n }, random(n).uniform),
  ties: (n: number) => Float32Array.from({ length: n }, (_, i) => ((i * 5) % 6) / 5),
  equal: (n: number) => new Float32Array(n).fill(0.4),
};
const kinds = Object.keys(gradesOf) as (keyof typeof gradesOf)[];

describe('AnglE', () => {
  const sizes = [
    [1, 2],
    [2, 6],
    [13, 30],
    [64, 64],
    [65, 132],
    [1031, 16],
  ] as const;
  it.each(kinds.flatMap((kind) => sizes.map((size) => [kind, ...size] as const)))(
    '%s grades, %i pairs of %i components',
    async (kind, B, width) => {
      const [queries, partners] = [unitRows(B, B, width), unitRows(B + 1, B, width)];
      const grades = gradesOf[kind](B);
      const sides = [queries, partners].map((rows) => Float64Array.from(rows)) as [Float64Array, Float64Array];
      expectFound(await onDevice('angle', queries, partners, grades), reference.angle(...sides, width, grades));
    },
  );

  it('has no slope where the similarity is 0', async () => {
    // Both parts cancel: the cosine is half, b . c - a . d is -half.
    const half = Math.SQRT1_2;
    const queries = Float32Array.of(1, 0, 1, 0);
    const partners = Float32Array.of(half, half, 0, 1);
    const { value, dQueries, dPartners } = await onDevice('angle', queries, partners, Float32Array.of(0, 1));
    expectClose([value], [Math.log1p(Math.exp(-20))], tolerances.companion);
    expect(dQueries.slice(0, 2)).toEqual(new Float64Array(2));
    expect(dPartners.slice(0, 2)).toEqual(new Float64Array(2));
    expect(dQueries.slice(2).some((slope) => slope !== 0)).toBe(true);
  });

  it('refuses an odd width, by name', async () => {
    const rows = unitRows(1, 2, 3);
    await expect(onDevice('angle', rows, rows, Float32Array.of(0, 1))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: "AnglE needs two halves of a vector, the model's vectors have 3 components",
    });
  });
});

describe('InfoNCE on pairs', () => {
  it.each(kinds.flatMap((kind) => [1, 2, 13, 65].map((B) => [kind, B] as const)))(
    '%s grades, %i pairs',
    async (kind, B) => {
      const width = 12;
      const [queries, partners] = [unitRows(B, B, width), unitRows(B + 1, B, width)];
      const grades = gradesOf[kind](B);
      const sides = [queries, partners].map((rows) => Float64Array.from(rows)) as [Float64Array, Float64Array];
      const { dPositives, ...expected } = reference.innerInfonce(...sides, width, grades, 0.02, 0.8);
      const found = await onDevice('pair-infonce', queries, partners, grades);
      expectFound(found, { ...expected, dPartners: dPositives });
    },
  );

  it('counts a row at the threshold', async () => {
    const rows = unitRows(3, 4, 6);
    const grades = Float32Array.of(0.8, 0.1, 0.2, 0.3);
    const { value } = await onDevice('pair-infonce', rows, unitRows(4, 4, 6), grades);
    expect(value).toBeGreaterThan(0);
  });
});
