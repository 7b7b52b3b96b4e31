import { describe, expect, it } from 'vitest';
import { batchCounts } from '../../../src/data/samplers/balance.ts';
import type { SampledDataset } from '../../../src/data/samplers/sampler.ts';
import { TandemError } from '../../../src/errors.ts';

const set = (name: string, task: 'ir' | 'sts', n: number, batchSize: number, weight = 1): SampledDataset => ({
  ...{ name, task, n, batchSize, weight },
});
const bySize = { sizeExponent: 1, equalBatchesPerTask: false };
const equal = { sizeExponent: 1, equalBatchesPerTask: true };
const large = set('large', 'ir', 1000, 10);
const small = set('small', 'ir', 100, 10);

describe('the batches of an epoch', () => {
  it('are balanced by the power of the size, and keep their total', () => {
    const counts = (sizeExponent: number) => batchCounts([large, small], { ...bySize, sizeExponent });
    expect(counts(1)).toEqual([100, 10]);
    // alpha 0: shares m_d / n_d are equal, and the total of 110 stays.
    expect(counts(0)).toEqual([55, 55]);
    // alpha 0.5: m_d / sqrt(n_d) = 3.1623 and 1, so 110 batches go 83.57 and 26.43.
    expect(counts(0.5)).toEqual([84, 26]);
  });

  it('are multiplied by weights, with which the total grows', () => {
    expect(batchCounts([large, { ...small, weight: 2.5 }], bySize)).toEqual([100, 25]);
    expect(batchCounts([{ ...large, weight: 0.5 }, small], { ...bySize, sizeExponent: 0 })).toEqual([28, 55]);
  });

  it('are equal for each task where that is asked, and divided within a task as before', () => {
    const sts = set('pairs', 'sts', 331, 8);
    // Sizes give 100, 10 and 41 batches: 151, so 76 for each task, of which large has 100 / 110.
    expect(batchCounts([large, small, sts], equal)).toEqual([69, 7, 76]);
    // A weight of 3 makes it 171 batches, 86 for each task; large has 100 / 130 of them.
    expect(batchCounts([large, sts, { ...small, weight: 3 }], equal)).toEqual([66, 86, 20]);
    expect(batchCounts([large, small], equal)).toEqual([100, 10]);
    for (const n of [23, 57, 104, 999]) {
      const [a, b, c] = batchCounts([large, { ...small, n }, sts], equal) as [number, number, number];
      expect(a + b).toBe(c);
    }
  });

  it.each([
    ['fewer records than a batch', set('tiny', 'ir', 9, 10), 'tiny has 9 training records', 'dataset'],
    ['a weight of zero', set('unused', 'ir', 100, 10, 0), 'leaves data set unused without a batch', 'weight'],
    ['a weight that is no number', set('nan', 'ir', 100, 10, Number.NaN), 'set nan without a batch', 'weight'],
    ['a weight too small', set('light', 'ir', 100, 10, 0.01), 'set light without a batch', 'weight'],
  ])('are refused for %s', (_, dataset, message, field) => {
    for (const balance of [bySize, equal]) {
      const plan = () => batchCounts([large, dataset], balance);
      expect(plan).toThrow(TandemError);
      expect(plan).toThrow(message);
      expect(plan).toThrow(
        expect.objectContaining({ details: expect.objectContaining({ field: `input.datasets.1.${field}` }) }),
      );
    }
  });
});
