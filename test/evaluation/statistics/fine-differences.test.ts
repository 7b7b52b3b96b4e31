import { describe, expect, it } from 'vitest';
import { gapRanges, orderAccuracies } from '../../../src/evaluation/statistics/fine-differences.ts';
import { RandomStream } from '../../../src/random/keyed.ts';
import { orderAccuracy } from '../../reference/statistics.ts';

const expected = (cosines: readonly number[], grades: readonly number[]) =>
  gapRanges.map(({ above, upTo }) => orderAccuracy(cosines, grades, [above, upTo]));

describe('orderAccuracies', () => {
  const random = new RandomStream(4);
  it.each([2, 31, 97])('counts the right orders of %i pairs', (n) => {
    const cosines = Array.from({ length: n }, () => random.below(12) / 12);
    const grades = Array.from({ length: n }, () => Math.fround(random.below(26) / 25));
    expect(orderAccuracies(cosines, grades)).toEqual(expected(cosines, grades));
  });

  it('takes a gap of a tenth as one, whatever f32 makes of the grades', () => {
    const grades = Float32Array.of(0.6, 0.5, 0.75);
    expect(orderAccuracies([0.9, 0.1, 0.5], grades)).toEqual([1, 0.5, null, null]);
  });

  it('counts equal cosines half, leaves equal grades out, and is null without choices', () => {
    expect(orderAccuracies([0.3, 0.3, 0.3], [0, 0, 1])).toEqual([null, null, null, 0.5]);
    expect(orderAccuracies([0.3, 0.2], [0.5, 0.5])).toEqual([null, null, null, null]);
    expect(orderAccuracies([], [])).toEqual([null, null, null, null]);
  });

  it('takes no square of the time for many pairs', () => {
    const n = 100_000;
    const grades = Array.from({ length: n }, () => random.float());
    const begin = performance.now();
    const found = orderAccuracies(grades, grades);
    expect(found).toEqual([1, 1, 1, 1]);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
