/** Which batches each sampler makes of a run's data sets, in which order. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type SamplingSettings, samplingOf } from '../../../src/data/samplers/index.ts';
import type { PlannedUpdate } from '../../../src/data/samplers/sampler.ts';

const settings: SamplingSettings = {
  ...{ sampler: 'dynamic', seed: 1, irBatchSize: 10, stsBatchSize: 8, shardsPerUpdate: 5 },
  ...{ sizeExponent: 1, equalBatchesPerTask: false },
};
const ir = { name: 'manuals', task: 'ir', n: 103, weight: 1 } as const;
const sts = { name: 'pairs', task: 'sts', n: 64, weight: 1 } as const;
type Changes = Partial<SamplingSettings>;
const plan = (changes: Changes = {}, epoch = 0, datasets: Parameters<typeof samplingOf>[1] = [ir, sts]) =>
  samplingOf({ ...settings, ...changes }, datasets).planEpoch(epoch).updates;
const batchesOf = (updates: readonly PlannedUpdate[], dataset: number) =>
  updates.flat().filter((batch) => batch.dataset === dataset);

describe('each sampler', () => {
  const samplers = ['dynamic', 'single', 'mixed'] as const;

  it.each(samplers)('%s depends on seed and epoch alone', (sampler) => {
    const of = (seed: number, epoch: number) => plan({ sampler, seed }, epoch);
    expect(of(1, 2)).toEqual(of(1, 2));
    expect(of(1, 2)).not.toEqual(of(1, 3));
    expect(of(1, 2)).not.toEqual(of(2, 2));
  });

  it.each([
    ['dynamic', 10, 8, 1],
    ['single', 10, 10, 1],
    ['mixed', 2, 2, 5],
  ] as const)(
    '%s cuts each permutation into full batches and mixes the batches',
    (sampler, irSize, stsSize, perUpdate) => {
      const sampling = samplingOf({ ...settings, sampler }, [ir, sts]);
      const counts = [Math.floor(ir.n / irSize), Math.floor(sts.n / stsSize)] as const;
      expect(sampling).toMatchObject({ counts, sizes: { ir: irSize, sts: stsSize, perUpdate } });
      const { updates, leftOut } = sampling.planEpoch(0);
      expect(leftOut).toEqual([0, 0]);
      expect(updates.every((update) => update.length === perUpdate)).toBe(true);
      const all = counts[0] + counts[1];
      expect(updates.length).toBe(Math.floor(all / perUpdate));
      expect(sampling.updatesPerEpoch).toBe(updates.length);
      for (const [dataset, { n }] of [ir, sts].entries()) {
        const own = batchesOf(updates, dataset);
        const size = [irSize, stsSize][dataset]!;
        expect(own.every(({ records, pass }) => records.length === size && pass === 0)).toBe(true);
        const records = own.flatMap((batch) => [...batch.records]);
        expect(new Set(records).size).toBe(records.length);
        expect(own.length).toBeGreaterThan(counts[dataset]! - perUpdate);
        expect(own.length).toBeLessThanOrEqual(counts[dataset]!);
        expect(Math.max(...records)).toBeLessThan(n);
      }
      const order = updates.flat().map(({ dataset }) => dataset);
      expect(order).not.toEqual(order.toSorted());
    },
  );

  it('repeats a weighted data set with fresh permutations and shortens another', () => {
    const updates = plan({ seed: 3 }, 0, [
      { ...ir, weight: 2.5 },
      { ...sts, weight: 0.5 },
    ]);
    const own = batchesOf(updates, 0);
    expect([0, 1, 2].map((pass) => own.filter((batch) => batch.pass === pass).length)).toEqual([10, 10, 5]);
    const keyed = (pass: number) =>
      own.filter((batch) => batch.pass === pass).map((batch) => [...batch.records].join());
    for (const pass of [0, 1]) {
      const records = own.filter((batch) => batch.pass === pass).flatMap((batch) => [...batch.records]);
      expect(new Set(records).size).toBe(100);
    }
    expect(keyed(0).some((batch) => keyed(1).includes(batch))).toBe(false);
    expect(batchesOf(updates, 1).length).toBe(4);
  });
});

describe('dynamic', () => {
  it('has the very order that stored runs go on in', () => {
    const datasets = [
      { ...ir, weight: 2.5 },
      { ...sts, weight: 1 },
    ];
    const order = plan({ seed: 49 }, 2, datasets)
      .flat()
      .map(({ dataset, pass, records }) => [dataset, pass, ...records]);
    expect(order[0]).toEqual([0, 2, 17, 93, 33, 74, 22, 44, 30, 9, 53, 80]);
    expect(createHash('sha256').update(JSON.stringify(order)).digest('hex')).toBe(
      '1c289a17ca263e58c7b4362689db9f551bf1132f473e9094448159e976210ab0',
    );
  });
});

describe('mixed', () => {
  it('puts shards of several data sets into one update, and drops the rest of the epoch', () => {
    // 51 shards of manuals and 32 of pairs: 16 updates of 5, and 3 left.
    const updates = plan({ sampler: 'mixed' });
    expect(updates.length).toBe(16);
    const kinds = updates.map((update) => new Set(update.map(({ dataset }) => dataset)).size);
    expect(kinds.filter((count) => count === 2).length).toBeGreaterThan(8);
    const dropped = (epoch: number) => 51 - batchesOf(plan({ sampler: 'mixed' }, epoch), 0).length;
    expect(new Set([0, 1, 2, 3, 4, 5].map(dropped)).size).toBeGreaterThan(1);
  });

  it.each([
    ['shards that do not divide the batch', { shardsPerUpdate: 4 }, 'shardsPerUpdate', '4 shards do not divide'],
    ['shards of one pair', { shardsPerUpdate: 10 }, 'irBatchSize', 'batches of one similarity pair'],
    ['more shards than an epoch has', { irBatchSize: 120, shardsPerUpdate: 60 }, 'shardsPerUpdate', 'has 50 shards'],
  ])('refuses %s', (_, changes: Changes, field, message) => {
    const datasets = [
      { ...ir, n: 40 },
      { ...sts, n: 60 },
    ];
    const make = () => plan({ sampler: 'mixed', ...changes }, 0, datasets);
    expect(make).toThrow(message);
    expect(make).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        details: expect.objectContaining({ field: `input.settings.${field}` }),
      }),
    );
  });

  it('takes shards of one query where no data set has pairs', () => {
    expect(plan({ sampler: 'mixed', shardsPerUpdate: 10 }, 0, [ir]).length).toBe(10);
  });
});

describe('single', () => {
  it('refuses batches of one pair', () => {
    expect(() => plan({ sampler: 'single', irBatchSize: 1 })).toThrow('batches of one similarity pair');
  });
});
