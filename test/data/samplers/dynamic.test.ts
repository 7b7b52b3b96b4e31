import { describe, expect, it } from 'vitest';
import { batchCounts, planEpoch } from '../../../src/data/samplers/dynamic.ts';
import { TandemError } from '../../../src/errors.ts';

const ir = { n: 103, weight: 1, batchSize: 10 };
const sts = { n: 64, weight: 1, batchSize: 8 };

describe('planEpoch', () => {
  it('cuts each permutation into full batches and mixes the batches', () => {
    const batches = planEpoch({ seed: 1, epoch: 0, datasets: [ir, sts] });
    expect(batches).toHaveLength(10 + 8);
    for (const [dataset, { n, batchSize }] of [ir, sts].entries()) {
      const own = batches.filter((batch) => batch.dataset === dataset);
      expect(own.every(({ records, pass }) => records.length === batchSize && pass === 0)).toBe(true);
      const records = own.flatMap((batch) => [...batch.records]);
      expect(new Set(records).size).toBe(Math.floor(n / batchSize) * batchSize);
      expect(Math.max(...records)).toBeLessThan(n);
    }
    const order = batches.map(({ dataset }) => dataset).join('');
    expect(order).not.toBe('0'.repeat(10) + '1'.repeat(8));
  });

  it('depends on seed and epoch alone', () => {
    const plan = (seed: number, epoch: number) => planEpoch({ seed, epoch, datasets: [ir, sts] });
    expect(plan(1, 2)).toEqual(plan(1, 2));
    expect(plan(1, 2)).not.toEqual(plan(1, 3));
    expect(plan(1, 2)).not.toEqual(plan(2, 2));
  });

  it('repeats a weighted data set with fresh permutations and shortens another', () => {
    const datasets = [
      { ...ir, weight: 2.5 },
      { ...sts, weight: 0.5 },
    ];
    const batches = planEpoch({ seed: 3, epoch: 0, datasets });
    const own = batches.filter(({ dataset }) => dataset === 0);
    expect([0, 1, 2].map((pass) => own.filter((batch) => batch.pass === pass).length)).toEqual([10, 10, 5]);
    for (const pass of [0, 1]) {
      const records = own.filter((batch) => batch.pass === pass).flatMap((batch) => [...batch.records]);
      expect(new Set(records).size).toBe(100);
    }
    const keyed = (pass: number) =>
      own.filter((batch) => batch.pass === pass).map((batch) => [...batch.records].join());
    expect(keyed(0).some((batch) => keyed(1).includes(batch))).toBe(false);
    expect(batches.length - own.length).toBe(4);
  });

  it('balances by alpha and keeps the total', () => {
    const datasets = [
      { n: 1000, weight: 1, batchSize: 10 },
      { n: 100, weight: 1, batchSize: 10 },
    ];
    expect(batchCounts(datasets)).toEqual([100, 10]);
    // alpha 0: shares m_d / n_d are equal, and the total of 110 stays.
    expect(batchCounts(datasets, 0)).toEqual([55, 55]);
    // alpha 0.5: m_d / sqrt(n_d) = 3.1623 and 1, so 110 batches go 83.57 and 26.43.
    expect(batchCounts(datasets, 0.5)).toEqual([84, 26]);
  });

  it.each([
    ['fewer records than a batch', { ...ir, n: 9, name: 'tiny' }, 'tiny has 9 training records'],
    ['a weight of zero', { ...ir, weight: 0, name: 'unused' }, 'leaves data set unused without a batch'],
    ['a weight that is not a number', { ...ir, weight: Number.NaN }, 'leaves data set number 1 without a batch'],
  ])('refuses %s', (_, dataset, message) => {
    const plan = () => planEpoch({ seed: 1, epoch: 0, datasets: [dataset] });
    expect(plan).toThrow(TandemError);
    expect(plan).toThrow(message);
  });
});
