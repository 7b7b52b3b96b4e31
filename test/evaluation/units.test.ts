/** What is kept of each unit of an evaluation: the same figures by name, and nothing of what was damaged. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateBagOfWords } from '../../src/evaluation/bag-of-words.ts';
import { publishUnits } from '../../src/evaluation/units/publish.ts';
import { readUnits } from '../../src/evaluation/units/read.ts';
import type { MeasuredQueries, PairUnits, QueryUnits } from '../../src/evaluation/units/types.ts';
import { lines, workspace } from '../data/import-helpers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

/** Documents whose ids are not in the order of the file, of UTF-16 or of numbers; query 2 has no relevant document. */
async function search(name: string) {
  const work = workspace(join(folder(), name));
  const ids = ['d10', 'd2', '😀', 'ﾮ', 'b', ...Array.from({ length: 9 }, (_, i) => `x${i}`)];
  const path = await work.files({
    'corpus.jsonl': lines(...ids.map((_id, i) => ({ _id, title: '', text: `pump ${'noise '.repeat(i)}`.trim() }))),
    'queries.jsonl': lines({ _id: 'q1', text: 'pump' }, { _id: 'q2', text: 'belt' }),
    'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\td2\t2\nq1\tx8\t1\nq1\t😀\t1\nq2\tgone\t1\n',
  });
  const dataset = await work.open(path, { importer: 'beir' });
  return { storage: work.storage, dataset, measured: await evaluateBagOfWords(dataset, 'test'), ids };
}

describe('units of retrieval', () => {
  it('have the ids, the figures and the best documents of the queries', async () => {
    const { storage, dataset, measured, ids } = await search('search');
    const input = { dataset: dataset.summary.digest, split: 'test', measured: [measured.units] } as const;
    const [digest] = await publishUnits(storage, input);
    const units = (await readUnits(storage, digest!)) as QueryUnits;
    expect([units.task, units.ids, [...units.records]]).toEqual(['ir', ['q1', 'q2'], [0, 1]]);
    for (const [figure, values] of Object.entries(units.values)) {
      expect([figure, (values[0]! + values[1]!) / 2]).toEqual([figure, measured.metrics[figure]]);
    }
    // Fewer words of noise are nearer.
    expect(units.hits[0]!.map(({ id }) => id)).toEqual(ids.slice(0, 10));
    expect(units.hits[0]!.map(({ document }) => document)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(units.hits[0]!.map(({ grade }) => grade)).toEqual([0, 2, 1, 0, 0, 0, 0, 0, 0, 0]);
    const texts = await dataset.documentsAt('test', [3, 0]);
    expect(texts.map(({ id }) => id)).toEqual(['ﾮ', 'd10']);
    // Nothing scores for the second query: ties are ordered by id, descending.
    expect(units.hits[1]!.map(({ id, score }) => [id, score]).slice(0, 3)).toEqual([
      ['😀', 0],
      ['ﾮ', 0],
      ['x8', 0],
    ]);
  });

  it('name the documents of a pooled corpus', async () => {
    const { storage, dataset } = await search('pooled');
    const values = Object.fromEntries(['ndcg_at_10', 'ndcg_at_100', 'map', 'mrr'].map((name) => [name, [1, 0]]));
    const recalls = Object.fromEntries([10, 100, 1000].map((k) => [`recall_at_${k}`, [1, 0]]));
    const figures = { ...values, ...recalls, precision_at_10: [0.1, 0] };
    const measured = {
      task: 'ir',
      values: Object.fromEntries(Object.entries(figures).map(([name, list]) => [name, Float64Array.from(list)])),
      hits: {
        starts: Uint32Array.of(0, 2, 2),
        documents: Uint32Array.of(1, 0),
        scores: Float32Array.of(0.5, 0.25),
        grades: Float32Array.of(0, 1),
      },
    } as MeasuredQueries;
    // By the bytes of their ids: b, d10, d2, x0 to x8, the half-width letter, the emoji.
    const input = { dataset: dataset.summary.digest, split: 'test', pool: Uint32Array.of(2, 13), measured: [measured] };
    const [digest] = await publishUnits(storage, input as never);
    const units = (await readUnits(storage, digest!)) as QueryUnits;
    expect(units.hits).toEqual([
      [
        { id: '😀', document: 2, score: 0.5, grade: 0 },
        { id: 'd2', document: 1, score: 0.25, grade: 1 },
      ],
      [],
    ]);
  });
});

describe('units of similarity', () => {
  it('are the pairs with a grade, by their numbers in the split', async () => {
    const work = workspace(join(folder(), 'pairs'));
    const pair = (query: string, partner: string, grade?: number) => ({
      task_type: 'sts',
      query: ['', '', query],
      positives: [['', '', partner]],
      ...(grade === undefined ? {} : { positive_scores: [grade] }),
    });
    const pairs = [pair('pump leaks', 'pump leaks', 0.8), pair('a b', 'c d'), pair('pump hot', 'belt slips', 0.1)];
    const dataset = await work.open(await work.files({ 'test.jsonl': lines(...pairs) }));
    const measured = await evaluateBagOfWords(dataset, 'test');
    const input = {
      dataset: dataset.summary.digest,
      split: 'test',
      measured: [measured.units, measured.units],
    } as const;
    const [digest, same] = await publishUnits(work.storage, input);
    expect(same).toBe(digest);
    const units = (await readUnits(work.storage, digest!)) as PairUnits;
    expect([units.task, [...units.records], units.ids.length]).toEqual(['sts', [0, 2], 2]);
    expect([...units.grades]).toEqual([Math.fround(0.8), Math.fround(0.1)]);
    expect(units.cosines).toEqual(measured.units.task === 'sts' && measured.units.cosines);
    const first = await dataset.record('test', units.records[1]!);
    expect([first.id, first.query[2]]).toEqual([units.ids[1], 'pump hot']);
  });
});

describe('files of units', () => {
  it('are refused where a byte is another, by name', async () => {
    const { storage, dataset, measured } = await search('damaged');
    const input = { dataset: dataset.summary.digest, split: 'test', measured: [measured.units] } as const;
    const [digest] = await publishUnits(storage, input);
    const path = join(storage.path('units', digest!), 'units.jsonl');
    const bytes = await readFile(path);
    bytes[bytes.length - 5]! ^= 1;
    await writeFile(path, bytes);
    await expect(readUnits(storage, digest!)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'damaged-file', field: path },
    });
    await expect(readUnits(storage, 'f'.repeat(64))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('are not written once the work is aborted', async () => {
    const { storage, dataset, measured } = await search('aborted');
    const input = { dataset: dataset.summary.digest, split: 'test', measured: [measured.units] } as const;
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(publishUnits(storage, input, signal)).rejects.toThrow('enough');
    expect(await storage.list('units')).toEqual([]);
  });
});
