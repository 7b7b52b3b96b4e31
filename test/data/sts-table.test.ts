import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import { all, queries, type Workspace, workspace } from './import-helpers.ts';

const folder = temporaryFolder();
let work: Workspace;
beforeAll(() => {
  work = workspace(folder());
});

const table = { importer: 'sts-table', scale: [0, 5] } as const;
const tsv = (...rows: string[]) => `sentence1\tsentence2\tscore\n${rows.join('\n')}\n`;

describe('reading STS tables', () => {
  it('reads TSV with quotes as ordinary characters and scales the grades', async () => {
    const path = await work.files({
      'train.tsv': tsv('He said "no\tShe said no"\t2.5', 'a, b\tc\t5', 'x\ty\t0'),
      'validation.tsv': tsv('dev\tdev\t-1'),
    });
    const dataset = await work.open(path, table);
    expect(dataset.summary).toMatchObject({ task: 'sts', scale: [0, 5], counts: { train: 3, dev: 1, test: 0 } });
    const records = await all(dataset.records('train'));
    expect(
      records.map(({ query, positives, positiveScores }) => [query[2], positives[0]![2], positiveScores[0]]),
    ).toEqual([
      ['He said "no', 'She said no"', 0.5],
      ['a, b', 'c', 1],
      ['x', 'y', 0],
    ]);
    expect((await dataset.record('dev', 0)).positiveScores).toEqual([-1]);
  });

  it('reads CSV with quotes, line ends inside them, other columns and orders', async () => {
    const csv = 'id,Score,sentence2,Sentence1\r\n7,1e0,"b ""quoted"", and\r\nmore",a\r\n8,.5,d,"c, too"\r\n';
    const path = join(await work.files({ 'pairs.csv': csv }), 'pairs.csv');
    const dataset = await work.open(path, { ...table, options: { devShare: 0, testShare: 0 } });
    const records = await all(dataset.records('train'));
    expect(
      records.map(({ query, positives, positiveScores }) => [query[2], positives[0]![2], positiveScores[0]]),
    ).toEqual([
      ['a', 'b "quoted", and\nmore', 0.2],
      ['c, too', 'd', 0.1],
    ]);
  });

  it('skips rows without a score, counted', async () => {
    const path = join(
      await work.files({ 'pairs.tsv': tsv('a\tb\t', 'c\td\t1', 'e\tf\tNaN', 'g\th\tnan ') }),
      'pairs.tsv',
    );
    const dataset = await work.open(path, { ...table, options: { devShare: 0, testShare: 0 } });
    expect(await queries(dataset, 'train')).toEqual(['c']);
    expect(dataset.summary.warnings).toEqual([{ message: 'rows with a blank or NaN score skipped', count: 3 }]);
  });

  const textsOf = async (content: string) => {
    const dataset = await work.open(await work.files({ 'train.tsv': content }), table);
    const records = await all(dataset.records('train'));
    const texts = records.map(({ query, positives }) => [query[2], positives[0]![2]]);
    return { texts, warnings: dataset.summary.warnings };
  };

  it.each([
    ['where needed', tsv('"He said ""no"", twice"\tb\t1', 'c\t"d ""e"""\t2')],
    ['everywhere', '"sentence1"\t"sentence2"\t"score"\n"He said ""no"", twice"\t"b"\t1\n"c"\t"d ""e"""\t"2"\n'],
  ])('reads a TSV that is quoted like CSV %s', async (_, content) => {
    const expected = [
      ['He said "no", twice', 'b'],
      ['c', 'd "e"'],
    ];
    expect(await textsOf(content)).toEqual({ texts: expected, warnings: [] });
  });

  it('reads a line end inside quotes of such a TSV', async () => {
    expect((await textsOf('"sentence1"\t"sentence2"\t"score"\n"a\nb"\t"c"\t1\n')).texts).toEqual([['a\nb', 'c']]);
  });

  it('keeps quotes of other TSVs, and warns where some cells look quoted', async () => {
    expect(await textsOf(tsv('"All of it."\tb\t1', 'c\td\t2'))).toEqual({
      texts: [
        ['"All of it."', 'b'],
        ['c', 'd'],
      ],
      warnings: [],
    });
    const { texts, warnings } = await textsOf(tsv('"a ""b"""\tc\t1', 'He said "no\td\t2'));
    expect(texts[0]).toEqual(['"a ""b"""', 'c']);
    expect(warnings).toMatchObject([{ message: expect.stringContaining('look quoted as in CSV'), count: 1 }]);
    expect((await textsOf(tsv('"a\tb\t1', 'c"\td\t2'))).texts).toEqual([
      ['"a', 'b'],
      ['c"', 'd'],
    ]);
  });

  it('splits one file by the seed', async () => {
    const rows = Array.from({ length: 20 }, (_, n) => `a${n}\tb${n}\t${n % 6}`);
    const path = join(await work.files({ 'pairs.tsv': tsv(...rows) }), 'pairs.tsv');
    const dataset = await work.open(path, { ...table, options: { devShare: 0.25, testShare: 0.25, seed: 3 } });
    expect(dataset.summary.counts).toEqual({ train: 10, dev: 5, test: 5 });
    const everything = await Promise.all((['train', 'dev', 'test'] as const).map((split) => queries(dataset, split)));
    expect(everything.flat().sort()).toEqual(rows.map((row) => row.split('\t')[0]).sort());
  });
});

describe('refusing STS tables', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['a missing column', 'sentence1\tsentence2\nx\ty\n', { line: 1, message: expect.stringContaining('lacks score') }],
    ['too few cells', tsv('a\t1'), { line: 2, message: 'has 2 columns, expected 3' }],
    ['too many cells', tsv('a\tb\t1\t2'), { line: 2, message: 'has 4 columns, expected 3' }],
    ['an empty sentence', tsv('a\tb\t1', '\tb\t1'), { line: 3, field: 'sentence1', message: 'is empty' }],
    ['a comma as decimal point', tsv('a\tb\t2,5'), { line: 2, field: 'score' }],
    ['an infinite number', tsv('a\tb\t1e999'), { line: 2, field: 'score' }],
    ['a hexadecimal number', tsv('a\tb\t0x3'), { line: 2, field: 'score' }],
    [
      'a grade off the scale',
      tsv('a\tb\t5.1'),
      { line: 2, field: 'score', message: expect.stringContaining('0 to 5') },
    ],
  ])('%s', async (_, content, problem) => {
    const path = join(await work.files({ 'pairs.tsv': content }), 'pairs.tsv');
    expect((await work.refusal(path, table)).details.problems![0]).toMatchObject({ file: 'pairs.tsv', ...problem });
  });

  it('a CSV whose quote never closes', async () => {
    const path = join(await work.files({ 'pairs.csv': 'sentence1,sentence2,score\na,"b,1\n' }), 'pairs.csv');
    expect((await work.refusal(path, table)).message).toMatch(/quote/i);
  });

  it('JSONL, a header alone, a huge sentence', async () => {
    const path = await work.files({
      'a.jsonl': '{}\n',
      'b.tsv': 'sentence1\tsentence2\tscore\n',
      'c.tsv': tsv('aaaaaa\tb\t1'),
    });
    expect((await work.refusal(join(path, 'a.jsonl'), table)).message).toContain('wrong kind');
    expect((await work.refusal(join(path, 'b.tsv'), table)).message).toContain('no records');
    const limits = { textCodePoints: 5, listItems: 5 };
    expect((await work.refusal(join(path, 'c.tsv'), table, { limits })).message).toContain('6 code points');
  });
});
