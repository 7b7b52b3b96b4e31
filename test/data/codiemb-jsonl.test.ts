import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import { all, lines, queries, type Workspace, workspace } from './import-helpers.ts';

const folder = temporaryFolder();
let work: Workspace;
beforeAll(() => {
  work = workspace(folder());
});

const text = (value: string) => ['', '', value];
const ir = (query: string, ...positives: string[]) => ({
  task_type: 'ir',
  query: ['Find the note', '', query],
  positives: positives.map(text),
  negatives: [text('something else')],
});
const sts = (query: string, partner: string, score: unknown) => ({
  task_type: 'sts',
  query: text(query),
  positives: [text(partner)],
  negatives: [],
  positive_scores: [score],
  negative_scores: [],
});

describe('reading', () => {
  it('keeps records and makes the distinct passages of a split its documents', async () => {
    const path = await work.files({
      'train.jsonl': lines(ir('why rust', 'salt', 'water'), ir('why heat', 'friction', 'salt')),
      'test.jsonl': lines({ ...ir('why noise', 'salt'), positive_scores: [2], negative_scores: [0] }),
    });
    const dataset = await work.open(path);
    expect(dataset.summary).toMatchObject({
      task: 'ir',
      counts: { train: 2, dev: 0, test: 1 },
      documentCounts: { train: 4, dev: 0, test: 2 },
    });
    const [first] = await all(dataset.records('train'));
    expect(first).toMatchObject({
      id: 'train-1',
      query: ['Find the note', '', 'why rust'],
      positives: [text('salt'), text('water')],
      positiveScores: [-1, -1],
      negativeScores: [-1],
    });
    const documents = await all(dataset.documents('test'));
    expect(documents.map((document) => document.text[2])).toEqual(['salt', 'something else']);
    const [tested] = await all(dataset.records('test'));
    expect(tested!.positiveDocuments).toEqual([documents[0]!.id]);
    expect(first!.positiveDocuments[0]).toBe(documents[0]!.id);
    expect(tested!.positiveScores).toEqual([2]);
  });

  it('accepts a byte order mark, CRLF, empty lines and a missing last line end', async () => {
    const path = await work.files({
      'a.jsonl': `\ufeff${JSON.stringify(ir('one', 'x'))}\r\n\r\n${JSON.stringify(ir('two', 'y'))}`,
    });
    const dataset = await work.open(join(path, 'a.jsonl'), { options: { devShare: 0, testShare: 0 } });
    expect(await queries(dataset, 'train')).toEqual(['one', 'two']);
  });

  it('splits a single file by the seed, by record, with rounded shares', async () => {
    const many = Array.from({ length: 50 }, (_, n) => sts(`a${n}`, `b${n}`, n / 49));
    const path = join(await work.files({ 'a.jsonl': lines(...many) }), 'a.jsonl');
    const split = async (options: Record<string, number>) => {
      const dataset = await work.open(path, { options });
      return { counts: dataset.summary.counts, dev: await queries(dataset, 'dev'), digest: dataset.summary.digest };
    };
    const first = await split({ seed: 1, devShare: 0.1, testShare: 0.3 });
    expect(first.counts).toEqual({ train: 30, dev: 5, test: 15 });
    expect(await split({ seed: 1, devShare: 0.1, testShare: 0.3 })).toEqual(first);
    expect((await split({ seed: 2, devShare: 0.1, testShare: 0.3 })).dev).not.toEqual(first.dev);
  });

  it('scales grades, keeps -1, splits several positives, counts ignored negatives', async () => {
    const several = {
      ...sts('q', 'p1', 0),
      positives: [text('p1'), text('p2'), text('p3')],
      positive_scores: [5, 1, -1],
      negatives: [text('n1'), text('n2')],
    };
    const path = await work.files({ 'train.jsonl': lines(several, { ...sts('r', 's', 3), positive_scores: [] }) });
    const dataset = await work.open(path, { scale: [1, 5] });
    const records = await all(dataset.records('train'));
    expect(records.map(({ id }) => id)).toEqual(['train-1.1', 'train-1.2', 'train-1.3', 'train-2']);
    expect(records.map(({ positiveScores }) => positiveScores)).toEqual([[1], [0], [-1], [-1]]);
    expect(records.every(({ negatives }) => negatives.length === 0)).toBe(true);
    expect(dataset.summary.warnings).toEqual([
      { message: 'negatives of STS records ignored', count: 2 },
      { message: 'STS records with several positives split into one record each', count: 1 },
      { message: 'STS pairs without a grade kept, but used by no training and no evaluation', count: 2 },
    ]);
    expect(dataset.summary.documentCounts.train).toBe(0);
  });

  it('keeps the scores of a teacher, and ignores those of pairs', async () => {
    const teacher_scores = [-1, null, 7.5];
    const given = { ...ir('why', 'salt', 'water'), teacher_scores };
    const none = { ...ir('how', 'salt'), teacher_scores: [null, null] };
    const dataset = await work.open(await work.files({ 'train.jsonl': lines(given, none, ir('when', 'x')) }));
    const [first, ...others] = await all(dataset.records('train'));
    expect(first).toMatchObject({ teacherScores: teacher_scores, positiveScores: [-1, -1], negativeScores: [-1] });
    for (const record of others) expect(record).not.toHaveProperty('teacherScores');
    const pair = { ...sts('a', 'b', 0.5), teacher_scores: [0.3] };
    const pairs = await work.open(await work.files({ 'train.jsonl': lines(pair) }));
    expect((await all(pairs.records('train')))[0]).not.toHaveProperty('teacherScores');
    expect(pairs.summary.warnings).toEqual([
      { message: 'teacher scores of STS records ignored: a pair has one candidate', count: 1 },
    ]);
  });

  it('tells how many lines it has read and stops when asked', async () => {
    const many = lines(...Array.from({ length: 2500 }, (_, n) => sts(`a${n}`, 'b', 0.5)));
    const path = await work.files({ 'train.jsonl': many });
    const seen: number[] = [];
    const hooks = { onLines: (count: number) => seen.push(count) };
    await work.open(path, {}, hooks);
    expect(seen).toEqual([1000, 2000]);
    const controller = new AbortController();
    const aborting = { onLines: () => controller.abort(), signal: controller.signal };
    await expect(work.open(path, { scale: [0, 2] }, aborting)).rejects.toThrow('aborted');
  });
});

describe('refusals name line, field and reason', () => {
  const fine = sts('a', 'b', 0.5);
  it.each<[string, unknown, string, string]>([
    ['a list', [1], '', 'a list of 1'],
    ['null', null, '', 'null'],
    ['no task', { query: text('a') }, 'task_type', 'missing'],
    ['an unknown task', { ...fine, task_type: 'qa' }, 'task_type', '"qa"'],
    ['a missing query', { ...fine, query: undefined }, 'query', 'missing'],
    ['a query of two parts', { ...fine, query: ['', 'a'] }, 'query', 'a list of 2'],
    ['an empty text', { ...fine, query: text(' \t') }, 'query[2]', 'text is empty'],
    ['a number as text', { ...fine, query: ['', '', 3] }, 'query[2]', 'is 3, expected a string'],
    ['half a surrogate pair', { ...fine, query: text('\ud83d') }, 'query[2]', 'surrogate'],
    ['U+0000', { ...fine, query: text('a\0') }, 'query[2]', 'U+0000'],
    [
      'a huge text',
      { ...fine, query: text('😀'.repeat(101)) },
      'query[2]',
      '101 code points, more than the limit of 100',
    ],
    ['no positives', { ...fine, positives: [], positive_scores: [] }, 'positives', 'empty'],
    ['positives that are no list', { ...fine, positives: 'b' }, 'positives', 'the text "b"'],
    ['a bad positive', { ...fine, positives: [['', '']] }, 'positives[0]', 'a list of 2'],
    ['too many texts', { ...ir('a', ...'abcdefghi'.split('')) }, 'positives', '9 texts, more than the limit of 8'],
    ['a score too many', { ...fine, positive_scores: [0.5, 1] }, 'positive_scores', '2 scores for 1 texts'],
    [
      'a score as text',
      { ...fine, positive_scores: ['0.5'] },
      'positive_scores[0]',
      'the text "0.5", expected a number',
    ],
    ['a score of null', { ...fine, positive_scores: [null] }, 'positive_scores[0]', 'null'],
    ['a grade above the scale', { ...fine, positive_scores: [1.01] }, 'positive_scores[0]', '1.01, expected 0 to 1'],
    ['a grade below the scale', { ...fine, positive_scores: [-0.5] }, 'positive_scores[0]', '-0.5, expected 0 to 1'],
    ['a relevance beyond f32', { ...ir('a', 'b'), positive_scores: [1e39] }, 'positive_scores[0]', '1e+39'],
    ['a teacher score too few', { ...ir('a', 'b'), teacher_scores: [1] }, 'teacher_scores', '1 scores for 2 texts'],
    ['a teacher score as text', { ...ir('a', 'b'), teacher_scores: [1, 'x'] }, 'teacher_scores[1]', 'the text "x"'],
    ['a teacher score beyond f32', { ...ir('a', 'b'), teacher_scores: [1, 1e39] }, 'teacher_scores[1]', '1e+39'],
    ['teacher scores that are no list', { ...ir('a', 'b'), teacher_scores: 3 }, 'teacher_scores', 'is 3'],
    ['a negative relevance', { ...ir('a', 'b'), positive_scores: [-2] }, 'positive_scores[0]', '-2'],
  ])('%s', async (_, value, field, message) => {
    const path = await work.files({
      'train.jsonl': lines(value === null || Array.isArray(value) ? value : { ...value }),
    });
    const error = await work.refusal(path, {}, { limits: { textCodePoints: 100, listItems: 8 } });
    expect(error.code).toBe('BAD_USER_INPUT');
    const problem = error.details.problems![0]!;
    expect(problem).toMatchObject({ file: 'train.jsonl', line: 1 });
    expect(problem.field ?? '').toBe(field);
    expect(problem.message).toContain(message);
    expect(error.message).toContain('train.jsonl, line 1');
  });

  it.each([
    ['NaN', 'NaN and Infinity are no JSON numbers'],
    ['-Infinity', 'NaN and Infinity are no JSON numbers'],
    ['1e999', 'Infinity, expected a number'],
  ])('the score %s', async (score, message) => {
    const path = await work.files({ 'train.jsonl': lines(sts('a', 'b', 12345)).replace('12345', score) });
    expect((await work.refusal(path)).details.problems![0]!.message).toContain(message);
  });

  it('collects several problems and stops at twenty', async () => {
    const some = lines(fine, sts('a', 'b', 7), fine, sts('', 'b', 7), fine);
    const few = await work.refusal(await work.files({ 'train.jsonl': some }));
    expect(few.details.problems!.map(({ line, field }) => [line, field])).toEqual([
      [2, 'positive_scores[0]'],
      [4, 'query[2]'],
      [4, 'positive_scores[0]'],
    ]);
    expect(few.details.remedy).toContain('nothing was stored');
    const many = lines(...Array.from({ length: 30 }, () => sts('a', 'b', 7)));
    const cut = await work.refusal(await work.files({ 'train.jsonl': many }));
    expect(cut.details.problems).toHaveLength(20);
    expect(cut.message).toContain('20 or more');
  });

  it('a line of invalid UTF-8, by its number', async () => {
    const bad = Buffer.from(lines(fine, sts('caf_', 'b', 0.5)));
    bad[bad.indexOf('caf_') + 3] = 0xe9;
    const error = await work.refusal(await work.files({ 'train.jsonl': bad }));
    expect(error.details.problems).toEqual([{ file: 'train.jsonl', line: 2, message: 'is not valid UTF-8' }]);
  });

  it('mixed tasks', async () => {
    const error = await work.refusal(await work.files({ 'train.jsonl': lines(fine, ir('a', 'b')) }));
    expect(error.details.problems![0]).toMatchObject({ line: 2, field: 'task_type' });
    expect(error.message).toContain('split the file');
  });

  it.each<[string, string | Uint8Array, string]>([
    ['prose', 'Dear team,\nhello\n', 'is this a JSONL file?'],
    ['a JSON array', '[\n{"task_type":"sts"}\n]', 'begins a JSON array'],
    ['an empty file', '', 'is empty'],
    ['blank lines', '\n\n', 'no records'],
    ['a gzip archive', Uint8Array.of(0x1f, 0x8b, 8, 0), 'gzip'],
    ['a spreadsheet', Uint8Array.of(0x50, 0x4b, 3, 4, 1), 'zip archive or spreadsheet'],
    ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x7b, 0), 'UTF-16'],
    ['something binary', Uint8Array.of(1, 2, 0, 3), 'binary'],
  ])('a file that is %s', async (_, content, message) => {
    expect((await work.refusal(await work.files({ 'train.jsonl': content }))).message).toContain(message);
  });

  it('the wrong kind of file, a missing one, a folder without splits', async () => {
    const path = await work.files({ 'notes.docx': 'x', 'sub/readme.txt': 'x' });
    expect((await work.refusal(join(path, 'notes.docx'))).details.expected).toContain('.jsonl');
    expect((await work.refusal(join(path, 'none.jsonl'))).message).toContain('no file or folder none.jsonl');
    expect((await work.refusal(join(path, 'sub'))).details.expected).toContain('train, dev or test');
  });

  it('unknown options, options out of range, an impossible scale', async () => {
    const path = await work.files({ 'train.jsonl': lines(fine) });
    expect((await work.refusal(path, { options: { sead: 1 } })).details.field).toBe('options.sead');
    expect((await work.refusal(path, { options: { devShare: 0.7 } })).details.expected).toBe('a number from 0 to 0.5');
    expect((await work.refusal(path, { options: { seed: 1.5 } })).details.expected).toContain('whole number');
    for (const scale of [
      [1, 1],
      [5, 0],
      [0, Number.NaN],
    ] as const) {
      expect((await work.refusal(path, { scale })).details.field).toBe('scale');
    }
  });
});
