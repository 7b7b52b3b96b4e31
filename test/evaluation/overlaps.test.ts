/** Texts and pairs that an evaluation shares with training data, by hand. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Dataset } from '../../src/data/record-file.ts';
import { OverlapCounter } from '../../src/evaluation/overlaps/count.ts';
import { lines, workspace } from '../data/import-helpers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

const triple = (text: string, instance = '', task = '') => [task, instance, text];
const sts = (query: unknown, partner: unknown, grade?: number) => ({
  ...{ task_type: 'sts', query, positives: [partner] },
  ...(grade !== undefined && { positive_scores: [grade] }),
});
const ir = (query: unknown, positives: unknown[], negatives: unknown[] = []) => ({
  ...{ task_type: 'ir', query, positives, negatives },
});

async function setup(name: string, sets: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>) {
  const work = workspace(join(folder(), name));
  const made: Record<string, Dataset> = {};
  for (const [set, files] of Object.entries(sets)) {
    const content = Object.entries(files).map(([split, records]) => [`${split}.jsonl`, lines(...records)]);
    made[set] = await work.open(await work.files(Object.fromEntries(content)));
  }
  const digest = (set: string): string => made[set]!.summary.digest;
  const counter = new OverlapCounter();
  const count = (set: string, trained: readonly string[], split: 'train' | 'test' = 'test') =>
    counter.count(work.storage, { dataset: digest(set), split, trained: trained.map(digest) });
  return { count, remove: (set: string) => work.storage.remove('datasets', digest(set)) };
}

it('counts pairs in either order, whatever their grades, and each text once', async () => {
  const { count } = await setup('pairs', {
    trained: {
      train: [sts(triple('a'), triple('b'), 0.5), sts(triple('c'), triple('d'), 0.1), sts(triple('x'), triple('y'))],
      test: [sts(triple('t1'), triple('t2'), 1)],
    },
    evaluated: {
      test: [
        sts(triple('b'), triple('a'), 1),
        sts(triple('a'), triple('b'), 0),
        sts(triple('a'), triple('c'), 0.5),
        sts(triple('A'), triple('b '), 0.5),
        sts(triple('x'), triple('t1'), 0.5),
        sts(triple('d'), triple('ungraded')),
      ],
    },
  });
  // a b c A "b " x t1; the pairs ab, ac, A"b ", x t1. What has no grade, or is of another split, was not learnt from.
  expect(await count('evaluated', ['trained'])).toEqual({ texts: 7, sharedTexts: 3, pairs: 4, sharedPairs: 1 });
  expect(await count('evaluated', [])).toEqual({ texts: 7, sharedTexts: 0, pairs: 4, sharedPairs: 0 });
  expect(await count('trained', ['trained'], 'train')).toEqual({ texts: 4, sharedTexts: 4, pairs: 2, sharedPairs: 2 });
});

it('counts queries, relevant texts and documents of a search, and the negatives that were trained on', async () => {
  const { count } = await setup('search', {
    first: { train: [ir(triple('q1', '', 'Find it.'), [triple('d1'), triple('d2')], [triple('n1')])] },
    second: { train: [sts(triple('q2'), triple('d2'), 1)] },
    evaluated: {
      test: [
        ir(triple('q1'), [triple('d1'), triple('d3')], [triple('n1')]),
        ir(triple('q2', 'in short: '), [triple('d2')]),
        ir(triple('in short: q2'), [triple('d2')]),
      ],
    },
  });
  // Texts: q1, "in short: q2" once, d1, d2, d3, n1. Pairs: q1 d1, q1 d3, and one with d2.
  expect(await count('evaluated', ['first'])).toEqual({ texts: 6, sharedTexts: 4, pairs: 3, sharedPairs: 1 });
  expect(await count('evaluated', ['second'])).toEqual({ texts: 6, sharedTexts: 1, pairs: 3, sharedPairs: 0 });
  expect(await count('evaluated', ['first', 'second'])).toEqual({ texts: 6, sharedTexts: 4, pairs: 3, sharedPairs: 1 });
});

it('reads each split once', async () => {
  const pairs = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => sts(triple(`left ${from + i}`), triple(`right ${from + i}`), 0.5));
  const sets = { trained: { train: pairs(0, 200) }, evaluated: { test: pairs(150, 300) } };
  const { count, remove } = await setup('many', sets);
  const expected = { texts: 300, sharedTexts: 100, pairs: 150, sharedPairs: 50 };
  expect(await count('evaluated', ['trained'])).toEqual(expected);
  await remove('evaluated');
  await remove('trained');
  expect(await count('evaluated', ['trained'])).toEqual(expected);
  await expect(count('evaluated', [], 'train')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
