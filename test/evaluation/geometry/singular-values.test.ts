import { describe, expect, it } from 'vitest';
import { singularValues } from '../../../src/evaluation/geometry/singular-values.ts';

const pause = () => Promise.resolve();
const matrix = (rows: number, columns: number, value: (row: number, column: number) => number) =>
  Float64Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns));

/** numpy.linalg.svd(compute_uv=False), numpy 2.4, f64. */
const goldens = [
  {
    name: 'the Hilbert matrix of 6, whose condition number is 1.5e7',
    values: matrix(6, 6, (i, j) => 1 / (i + j + 1)),
    width: 6,
    expected: [
      1.6188998589243393, 0.2423608705752095, 0.01632152131987582, 0.0006157483541826447, 1.2570757122632472e-5,
      1.0827994844462713e-7,
    ],
  },
  {
    name: 'nine rows of rank two',
    values: matrix(9, 5, (i, j) => Math.sin(1 + 3 * i + j * j)),
    width: 5,
    expected: [4.550608249038113, 1.394718163919709, 0, 0, 0],
  },
  {
    name: 'fewer rows than columns',
    values: matrix(3, 7, (i, j) => Math.cos(1 + 2 * i + j * i)),
    width: 7,
    expected: [1.9766254780629071, 1.7190235771769384, 1.4021876947066574],
  },
];

describe('singularValues', () => {
  it.each(goldens)('are those of numpy for $name', async ({ values, width, expected }) => {
    const found = await singularValues(values, width, pause);
    expect(found).toHaveLength(expected.length);
    expected.forEach((value, i) => {
      expect(Math.abs(found[i]! - value)).toBeLessThan(Math.max(1e-14, value * 1e-8));
    });
  });

  it('keep the relative accuracy of small values, for a diagonal, columns of zeros and equal columns', async () => {
    const diagonal = matrix(5, 4, (i, j) => (i === j ? [3, 0, 1e-9, 7][i]! : 0));
    const found = await singularValues(diagonal, 4, pause);
    [7, 3, 1e-9, 0].forEach((value, i) => {
      expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(value * 1e-14);
    });
    const [largest, ...others] = await singularValues(
      matrix(8, 3, () => 1),
      3,
      pause,
    );
    expect(largest).toBeCloseTo(Math.sqrt(24), 12);
    expect(Math.max(...others)).toBeLessThan(1e-14);
  });

  it('are none for no rows', async () => {
    expect(await singularValues([], 3, pause)).toHaveLength(0);
  });

  it('end with what the pause throws', async () => {
    const stop = () => Promise.reject(new Error('stopped'));
    await expect(singularValues([1, 2, 3, 4], 2, stop)).rejects.toThrow('stopped');
  });
});
