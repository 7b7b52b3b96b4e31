import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { importBeir } from '../../src/data/importers/beir.ts';
import { strangerWarnings } from '../../src/data/importers/beir-qrels.ts';
import { ImportNotes } from '../../src/data/problems.ts';
import { evaluateBagOfWords } from '../../src/evaluation/bag-of-words.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { all, lines, type Workspace, workspace } from './import-helpers.ts';

const folder = temporaryFolder();
let work: Workspace;
beforeAll(() => {
  work = workspace(folder());
});

const corpus = lines(
  { _id: 'd1', title: 'Pump', text: ' leaks oil ' },
  { _id: 'd2', title: '', text: ' belt slips' },
  { _id: 'd10', text: 'motor is hot' },
  { _id: '😀', title: null, text: 'nothing to see' },
);
const queryFile = lines(
  { _id: 'q1', text: 'oil on the floor' },
  { _id: 'q2', text: 'slipping' },
  { _id: 'q3', text: 'never judged' },
);
const qrels = (...rows: (string | number)[][]) =>
  ['query-id\tcorpus-id\tscore', ...rows.map((row) => row.join('\t')), ''].join('\n');
const good = {
  'corpus.jsonl': corpus,
  'queries.jsonl': queryFile,
  'qrels/train.tsv': qrels(['q1', 'd1', 1], ['q1', 'd10', 0], ['q1', 'd1', 3], ['q2', 'd10', 0]),
  'qrels/test.tsv': qrels(['q2', 'd2', 2], ['q2', 'd1', 1], ['q1', 'd2', 0]),
};
const beir = { importer: 'beir' } as const;

describe('reading a BEIR folder', () => {
  it('joins title and text, keeps the corpus for every split and whole-number grades', async () => {
    const dataset = await work.open(await work.files(good), beir);
    expect(dataset.summary).toMatchObject({
      task: 'ir',
      counts: { train: 1, dev: 0, test: 2 },
      documentCounts: { train: 4, dev: 0, test: 4 },
      warnings: [{ message: 'train queries without a relevant document left out', count: 1 }],
    });
    const documents = await all(dataset.documents('test'));
    expect(documents.map(({ id, text }) => [id, text[2]])).toEqual([
      ['d1', 'Pump  leaks oil'],
      ['d2', 'belt slips'],
      ['d10', 'motor is hot'],
      ['😀', 'nothing to see'],
    ]);
    expect(await all(dataset.records('train'))).toEqual([
      {
        kind: 'record',
        split: 'train',
        id: 'q1',
        positiveDocuments: ['d1'],
        task: 'ir',
        query: ['', '', 'oil on the floor'],
        positives: [['', '', 'Pump  leaks oil']],
        negatives: [['', '', 'motor is hot']],
        positiveScores: [3],
        negativeScores: [0],
      },
    ]);
    const tested = await all(dataset.records('test'));
    expect(tested.map(({ id, positiveDocuments, positiveScores }) => [id, positiveDocuments, positiveScores])).toEqual([
      ['q2', ['d2', 'd1'], [2, 1]],
      ['q1', [], []],
    ]);
  });

  it('draws random negatives among the documents that are not judged', async () => {
    const path = await work.files(good);
    const draw = async (seed: number) => {
      const dataset = await work.open(path, { ...beir, options: { randomNegatives: 2, seed } });
      return (await all(dataset.records('test'))).map(({ negatives }) => negatives.map(([, , text]) => text));
    };
    const [q2, q1] = await draw(1);
    expect([...q2!].sort()).toEqual(['motor is hot', 'nothing to see']);
    expect(q1![0]).toBe('belt slips');
    expect(q1).toHaveLength(3);
    expect(await draw(1)).toEqual([q2, q1]);
    const others = await Promise.all([2, 3, 4, 5].map(draw));
    expect(others.some((other) => JSON.stringify(other) !== JSON.stringify([q2, q1]))).toBe(true);
    const short = await work.open(path, { ...beir, options: { randomNegatives: 3 } });
    expect(short.summary.warnings.map(({ message }) => message)).toContain(
      'queries with fewer random negatives than asked: the corpus is too small',
    );
  });

  it('keeps documents without title and text, counted in a warning', async () => {
    const path = await work.files({ ...good, 'corpus.jsonl': corpus + lines({ _id: 'e', title: '', text: ' ' }) });
    const dataset = await work.open(path, beir);
    expect((await all(dataset.documents('test'))).at(-1)).toMatchObject({ id: 'e', text: ['', '', ''] });
    const message = 'documents without title and text kept as empty texts';
    expect(dataset.summary.warnings).toContainEqual({ message, count: 1 });
  });

  it('does not keep the texts of the corpus in memory', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const heap = () => {
      gc();
      return process.memoryUsage().heapUsed;
    };
    const filler = 'x'.repeat(25_000);
    const documents = Array.from({ length: 1000 }, (_, number) => ({ _id: `d${number}`, text: `${number} ${filler}` }));
    const path = await work.files({ ...good, 'corpus.jsonl': lines(...documents) });
    documents.length = 0;
    const common = {
      scale: [0, 1],
      limits: defaultLimits,
      notes: new ImportNotes(),
      signal: undefined,
      onLine: () => {},
    } as const;
    const options = { ignoreIdenticalIds: false, randomNegatives: 0, seed: 1 };
    const before = heap();
    for await (const item of importBeir({ ...common, path, options })) {
      if (item.kind !== 'document' || item.id !== 'd999') continue;
      expect(heap() - before).toBeLessThan(8e6);
    }
  });

  it('keeps the flag of identical ids as part of the version', async () => {
    const path = await work.files(good);
    const on = await work.open(path, { ...beir, options: { ignoreIdenticalIds: true } });
    const off = await work.open(path, beir);
    expect([on.summary.ignoreIdenticalIds, off.summary.ignoreIdenticalIds]).toEqual([true, false]);
    expect(on.summary.digest).not.toBe(off.summary.digest);
  });
});

describe('real BEIR folders', () => {
  const grades = async (dataset: Awaited<ReturnType<Workspace['open']>>) =>
    (await all(dataset.records('test'))).map(({ id, positiveDocuments, positiveScores, absentScores }) => [
      ...[id, positiveDocuments, positiveScores],
      ...(absentScores === undefined ? [] : [absentScores]),
    ]);
  const test = async (text: string) => work.open(await work.files({ ...good, 'qrels/test.tsv': text }), beir);

  it('count a relevant document that is missing as one that no search finds', async () => {
    const rows = [
      ['q1', 'gone', 2],
      ['q1', 'd1', 1],
      ['q2', 'gone', 1],
      ['q2', 'lost', 0],
    ];
    const dataset = await test(qrels(...rows));
    expect(await grades(dataset)).toEqual([
      ['q1', ['d1'], [1], [2]],
      ['q2', [], [], [1]],
    ]);
    expect(dataset.summary.warnings).toContainEqual({ message: strangerWarnings.document, count: 2 });
    const { metrics, count } = await evaluateBagOfWords(dataset, 'test');
    // By trec_eval the ideal ranking of q1 is gone (2), then d1 (1); d1 is found first. Nothing can be found for q2.
    expect(count).toBe(2);
    expect(metrics['recall_at_10']).toBe(0.25);
    expect(metrics['ndcg_at_10']).toBeCloseTo(1 / (2 + 1 / Math.log2(3)) / 2, 12);
  });

  it('leave out judgements of a query that is missing, counted', async () => {
    const dataset = await test(qrels(['gone', 'd1', 1], ['gone', 'd2', 1], ['q2', 'd2', 1]));
    expect(await grades(dataset)).toEqual([['q2', ['d2'], [1]]]);
    expect(dataset.summary.warnings).toContainEqual({ message: strangerWarnings.query, count: 2 });
  });

  it('keep the first judgement where there is no header', async () => {
    const rows = 'q2\td2\t1\nq1\td1\t2\n';
    const expected = [
      ['q2', ['d2'], [1]],
      ['q1', ['d1'], [2]],
    ];
    expect(await grades(await test(rows))).toEqual(expected);
    expect(await grades(await test(`query-id\tcorpus-id\tscore\n${rows}`))).toEqual(expected);
    expect(await grades(await test(`gone\td1\t1\n${rows}`))).toEqual(expected);
  });

  it('may hold judgements in the columns of trec_eval, under its endings', async () => {
    const expected = [
      ['q2', ['d2'], [1]],
      ['q1', ['d1'], [2]],
    ];
    expect(await grades(await test('q2 0 d2 1\nq1 Q0  d1\t2\n'))).toEqual(expected);
    expect(await grades(await test('query\titeration\tdocument\tgrade\nq2\t0\td2\t1\nq1\t0\td1\t2\n'))).toEqual(
      expected,
    );
    const { 'qrels/test.tsv': _, ...others } = good;
    const path = await work.files({ ...others, 'qrels/test.qrels': 'q2 0 d2 1\nq1 0 d1 2\n' });
    expect(await grades(await work.open(path, beir))).toEqual(expected);
  });

  it('may repeat documents and queries, dropped with a count where the text is equal', async () => {
    const once = { ...good, 'corpus.jsonl': corpus + lines({ _id: 'd11', text: 'twice' }) };
    const again = lines({ _id: 'd1', title: 'Pump', text: ' leaks oil' }, { _id: 'd11', text: ' twice' });
    const path = await work.files({
      ...once,
      'corpus.jsonl': once['corpus.jsonl'] + again,
      'queries.jsonl': queryFile + lines({ _id: 'q2', text: 'slipping' }),
    });
    const dataset = await work.open(path, beir);
    expect(dataset.summary.digest).toBe((await work.open(await work.files(once), beir)).summary.digest);
    const message = (file: string) => `lines of ${file} that repeat an id and its text dropped`;
    expect(dataset.summary.documentCounts.test).toBe(5);
    expect(dataset.summary.warnings).toEqual(
      expect.arrayContaining([
        { message: message('corpus.jsonl'), count: 2 },
        { message: message('queries.jsonl'), count: 1 },
      ]),
    );
  });
});

describe('refusing a BEIR folder', () => {
  it.each<[string, Record<string, string>, Record<string, unknown>]>([
    ['a corpus line that is not JSON', { 'corpus.jsonl': 'x\n' }, { file: 'corpus.jsonl', line: 1 }],
    ['a number as id', { 'corpus.jsonl': lines({ _id: 1, text: 'a' }) }, { line: 1, field: '_id' }],
    [
      'a repeated id with another text',
      { 'corpus.jsonl': corpus + lines({ _id: 'd1', text: 'a' }) },
      { line: 5, field: '_id' },
    ],
    ['a repeated query', { 'queries.jsonl': queryFile + lines({ _id: 'q1', text: 'a' }) }, { line: 4, field: '_id' }],
    ['a document whose text is missing', { 'corpus.jsonl': lines({ _id: 'd1' }) }, { line: 1, field: 'text' }],
    ['an empty query', { 'queries.jsonl': lines({ _id: 'q1', text: ' ' }) }, { line: 1, field: 'text' }],
    ['a title that is no text', { 'corpus.jsonl': lines({ _id: 'd1', title: 3, text: 'a' }) }, { field: 'title' }],
    ['a query without text', { 'queries.jsonl': lines({ _id: 'q1' }) }, { file: 'queries.jsonl', field: 'text' }],
    [
      'a grade of 0.5',
      { 'qrels/test.tsv': qrels(['q1', 'd1', 0.5]) },
      { file: 'qrels/test.tsv', line: 2, field: 'score' },
    ],
    ['two columns', { 'qrels/test.tsv': qrels(['q1', 'd1']) }, { file: 'qrels/test.tsv', line: 2 }],
    ['a first line that judges by 0.5', { 'qrels/test.tsv': 'q1\td1\t0.5\n' }, { line: 1, field: 'score' }],
    ['five columns', { 'qrels/test.tsv': qrels(['q1', 0, 'd1', 1, 'x']) }, { file: 'qrels/test.tsv', line: 2 }],
    ['a header alone of four columns', { 'qrels/test.tsv': 'a b c d\nq1 0 d1 high\n' }, { line: 2, field: 'score' }],
    ['only unknown queries', { 'qrels/test.tsv': qrels(['q9', 'd1', 1]) }, { line: 2, field: 'query-id' }],
    ['only unknown documents', { 'qrels/test.tsv': qrels(['q1', 'd9', 1]) }, { line: 2, field: 'corpus-id' }],
  ])('%s', async (_, change, problem) => {
    const error = await work.refusal(await work.files({ ...good, ...change }), beir);
    expect(error.details.problems![0]).toMatchObject(problem);
    expect(error.details.expected).toMatch(/^records of one task/);
  });

  it('a folder that is something else, or lacks a file', async () => {
    const path = await work.files(good);
    expect((await work.refusal(join(path, 'qrels'), beir)).message).toContain('no BEIR folder');
    await rm(join(path, 'queries.jsonl'));
    expect((await work.refusal(path, beir)).message).toContain('queries.jsonl is not a file');
  });

  it('judgements that leave no record', async () => {
    const path = await work.files({ ...good, 'qrels/train.tsv': qrels(), 'qrels/test.tsv': qrels() });
    expect((await work.refusal(path, beir)).message).toContain('no records');
  });
});
