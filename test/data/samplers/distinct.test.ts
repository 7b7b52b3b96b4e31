/** Batches of records that share no text. */
import { describe, expect, it } from 'vitest';
import { distinctBatches } from '../../../src/data/samplers/distinct.ts';
import { type SamplingSettings, samplingOf } from '../../../src/data/samplers/index.ts';
import { RandomStream } from '../../../src/random/keyed.ts';

type TextsOf = (record: number) => readonly number[];
const order = (n: number, seed = 1): Uint32Array => new RandomStream(seed).permutation(n);

/** The batches of a pass, each checked: full, no text in two records, no record twice. */
function checked(n: number, size: number, textsOf: TextsOf, seed = 1): number[][] {
  const batches = [...distinctBatches(order(n, seed), size, textsOf)].map((records) => [...records]);
  for (const batch of batches) {
    expect(batch.length).toBe(size);
    const texts = batch.flatMap((record) => [...new Set(textsOf(record))]);
    expect(new Set(texts).size).toBe(texts.length);
  }
  const all = batches.flat();
  expect(new Set(all).size).toBe(all.length);
  return batches;
}

describe('batches of distinct texts', () => {
  it('are those of the permutation where no text is shared, though a record repeats its own', () => {
    const batches = checked(43, 5, (record) => [record, record + 100, record]);
    expect(batches.flat()).toEqual([...order(43)].slice(0, 40));
  });

  it('separate records that share a text, and lose only what is left at the end', () => {
    // Record i shares a text with i + 50, and with its neighbours in threes.
    for (const seed of [1, 2, 3]) {
      const batches = checked(100, 5, (record) => [record % 50, 1000 + Math.floor(record / 3)], seed);
      expect(batches.length).toBeGreaterThanOrEqual(19);
    }
  });

  it('take a waiting record before those that nobody has looked at', () => {
    const [first, second, ...rest] = order(12) as unknown as number[];
    const textsOf: TextsOf = (record) => (record === first || record === second ? [0] : [record + 1]);
    const batches = checked(12, 4, textsOf);
    expect(batches[0]).toEqual([first, ...rest.slice(0, 3)]);
    expect(batches[1]).toEqual([second, ...rest.slice(3, 6)]);
  });

  it('hold one of the records that share a text, and none when the others are used up', () => {
    // 30 records share text 0, 20 have their own: batches of 5 are 1 + 4, so 5 of them use up the 20.
    const batches = checked(50, 5, (record) => [record < 30 ? 0 : record]);
    expect(batches.length).toBe(5);
    expect(checked(50, 2, () => [7])).toEqual([]);
  });

  it('keep to the rule with texts shared at random', () => {
    const random = new RandomStream(9);
    const texts = Array.from({ length: 400 }, () => Array.from({ length: 4 }, () => random.below(300)));
    for (const size of [2, 10, 25]) {
      const batches = checked(400, size, (record) => texts[record]!);
      expect(batches.length).toBeGreaterThan((0.4 * 400) / size);
      expect(batches.length).toBeLessThanOrEqual(400 / size);
    }
  });

  it('are made in little more than one look at each record, whatever is shared', () => {
    let looks = 0;
    const batches = [
      ...distinctBatches(order(20_000), 50, (record) => {
        looks++;
        // Most records wait: 400 texts of 45 records each, and 2,000 records of their own.
        return [record < 18_000 ? record % 400 : record];
      }),
    ];
    expect(batches.length).toBeGreaterThanOrEqual(399);
    expect(looks).toBeLessThan(3 * 20_000);
  });
});

describe('an epoch of distinct texts', () => {
  const settings: SamplingSettings = {
    ...{ sampler: 'dynamic', seed: 1, irBatchSize: 10, stsBatchSize: 8, shardsPerUpdate: 5 },
    ...{ sizeExponent: 1, equalBatchesPerTask: false },
  };
  const sts = { name: 'pairs', task: 'sts', n: 64, weight: 1 } as const;
  const ir = { name: 'manuals', task: 'ir', n: 100, weight: 1 } as const;
  const textsOf = ({ record }: { record: number }): readonly number[] => [record % 20];

  it('has its number of batches, from further passes, and counts what was left out', () => {
    // Five records share each of 20 texts: a pass gives batches of 10 while 10 texts are left.
    const { updates, leftOut } = samplingOf(settings, [{ ...ir, weight: 3, textsOf }, sts]).planEpoch(0);
    const own = updates.flat().filter(({ dataset }) => dataset === 0);
    expect([own.length, updates.length]).toEqual([30, 38]);
    const made = [0, 1, 2, 3, 4].map((pass) => own.filter((batch) => batch.pass === pass).length);
    // The last pass that was begun is not at its end.
    const last = own.reduce((most, { pass }) => Math.max(most, pass), 0);
    expect(last).toBeGreaterThan(2);
    expect(leftOut).toEqual([made.slice(0, last).reduce((sum, count) => sum + (10 - count) * 10, 0), 0]);
    expect(leftOut[0]).toBeGreaterThan(0);
    for (const { records } of own) expect(new Set([...records].map((record) => record % 20)).size).toBe(10);
    const pairs = updates.flat().filter(({ dataset }) => dataset === 1);
    const plain = samplingOf(settings, [{ ...ir, weight: 3 }, sts]).planEpoch(0).updates;
    expect(new Set(pairs.map(String))).toEqual(
      new Set(
        plain
          .flat()
          .filter(({ dataset }) => dataset === 1)
          .map(String),
      ),
    );
  });

  it.each(['dynamic', 'single', 'mixed'] as const)(
    'depends on seed and epoch alone, with the sampler %s',
    (sampler) => {
      const plan = (seed: number, epoch: number) =>
        samplingOf({ ...settings, sampler, seed }, [{ ...ir, textsOf }, sts]).planEpoch(epoch);
      expect(plan(1, 2)).toEqual(plan(1, 2));
      expect(plan(1, 2)).not.toEqual(plan(1, 3));
      expect(plan(1, 2)).not.toEqual(plan(2, 2));
      for (const { records, dataset } of plan(1, 2).updates.flat()) {
        if (dataset === 0) expect(new Set([...records].map((record) => record % 20)).size).toBe(records.length);
      }
    },
  );

  it('is refused where no batch has distinct texts', () => {
    const few = { ...ir, textsOf: ({ record }: { record: number }) => [record % 9] };
    expect(() => samplingOf(settings, [sts, few]).planEpoch(0)).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: 'Data set manuals gives no batch of 10 records that show no text twice',
        details: expect.objectContaining({ field: 'input.datasets.1.dataset' }),
      }),
    );
  });
});
