import { describe, expect, it } from 'vitest';
import { tInterval, tQuantile } from '../../../src/evaluation/statistics/t-interval.ts';

/** scipy.stats.t.ppf(0.975, f) and (0.9, f), scipy 1.17. */
const quantiles = [
  [1, 12.706204736174694, 3.0776835371752544],
  [2, 4.302652729749462, 1.8856180831641272],
  [3, 3.1824463052837078, 1.637744353696209],
  [4, 2.7764451051977934, 1.533206274058944],
  [7, 2.364624251592784, 1.4149239276505086],
  [9, 2.262157162798205, 1.3830287383966329],
  [30, 2.0422724563012378, 1.3104150253913955],
  [101, 1.983731002955606, 1.2899898085679689],
] as const;

describe('tQuantile', () => {
  it.each(quantiles)("has scipy's values for %i degrees of freedom", (freedom, wide, narrow) => {
    expect(Math.abs(tQuantile(0.975, freedom) / wide - 1)).toBeLessThan(1e-12);
    expect(Math.abs(tQuantile(0.9, freedom) / narrow - 1)).toBeLessThan(1e-12);
  });
});

describe('tInterval', () => {
  it('is the mean and the half width over the values', () => {
    // scipy.stats.t.interval(0.95, 2, loc, sem) of [0.79, 0.81, 0.84], scipy 1.17
    const found = tInterval([0.79, 0.81, 0.84])!;
    expect(found.n).toBe(3);
    expect(found.mean).toBeCloseTo(0.8133333333333334, 14);
    expect(found.half).toBeCloseTo(0.06251609479375764, 14);
  });

  it('has no width for one value, and is null for none', () => {
    expect(tInterval([0.5])).toEqual({ n: 1, mean: 0.5, half: null });
    expect(tInterval([])).toBeNull();
  });
});
