import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTokenizer, type Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { readTokenFile } from '../../src/tokens/token-file.ts';
import { tokenContent, tokenizeDataset } from '../../src/tokens/tokenize-dataset.ts';
import type { TokenFile } from '../../src/tokens/types.ts';
import { lines, type Workspace, workspace } from '../data/import-helpers.ts';
import { tinySpec, tinyTokenizerJson, writeTinyModel } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let work: Workspace;
let tokenizer: Tokenizer;
beforeAll(async () => {
  work = workspace(folder());
  tokenizer = await parseTokenizer(tinyTokenizerJson);
});

async function publishModel(change: Parameters<typeof writeTinyModel>[1] = {}): Promise<string> {
  const staged = await work.storage.stage();
  await writeTinyModel(staged, change);
  return (await work.storage.publish('models', staged)).digest;
}

const read = (key: string): Promise<TokenFile> => readTokenFile(work.storage, key);

/** Ids of a text of the file. */
function idsOf({ texts }: TokenFile, text: number): number[] {
  return [...texts.ids.subarray(texts.cumulative[text]!, texts.cumulative[text + 1]!)];
}

const beirFiles = {
  'corpus.jsonl': lines(
    { _id: 'z', text: 'oil pump' },
    { _id: '😀', text: 'leak' },
    { _id: '\uffee', text: 'oil pump' },
    { _id: 'q1', text: 'pumping' },
  ),
  'queries.jsonl': lines({ _id: 'q1', text: 'leaks' }, { _id: 'q2', text: 'pump' }),
  'qrels/train.tsv': 'h\nq1\tz\t2\nq1\tz\t3\nq1\tq1\t1\nq2\t😀\t1\nq2\t\uffee\t0\n',
};

async function encode(prompt: string, text: string) {
  const [encoded] = await tokenizer.encode([{ prompt, text }], { maxLength: 12, includePrompt: false });
  return encoded!;
}

describe('tokenizeDataset', () => {
  it('numbers texts, documents by byte order, judgements and the identical document', async () => {
    const dataset = await work.open(await work.files(beirFiles), {
      importer: 'beir',
      options: { ignoreIdenticalIds: true },
    });
    const request = { dataset: dataset.summary.digest, model: await publishModel(), maxLength: 100 };
    const report = await tokenizeDataset(work.storage, request, tokenizer);
    const file = await read(report.key);
    const { train, dev } = file.splits;
    // Distinct texts: three documents and two queries; the query 'pump' has no prompt, as its task instruction is
    // empty.
    expect(report).toMatchObject({ texts: 5, tokens: file.texts.ids.length, truncated: 0 });
    expect(idsOf(file, train.query[0]!)).toEqual([...(await encode('', 'leaks')).ids]);
    const documentIds = ['q1', 'z', '\uffee', '😀'];
    const documentTexts = ['pumping', 'oil pump', 'oil pump', 'leak'];
    for (const [position, text] of documentTexts.entries()) {
      expect(idsOf(file, train.documents[position]!), documentIds[position]).toEqual([...(await encode('', text)).ids]);
    }
    expect(train.documents[1]).toBe(train.documents[2]);
    expect([...train.judgements.starts]).toEqual([0, 2, 3]);
    expect([...train.judgements.values]).toEqual([1, 0, 3]);
    expect([...train.judgements.scores]).toEqual([3, 1, 1]);
    expect([...train.identical]).toEqual([0, -1]);
    expect([...train.negatives.starts]).toEqual([0, 0, 1]);
    expect([...train.negatives.scores]).toEqual([0]);
    expect(dev.query).toHaveLength(0);
    expect([...dev.judgements.starts]).toEqual([0]);
  });

  it('keeps the scores of a teacher beside the texts', async () => {
    const record = {
      task_type: 'ir',
      query: ['', '', 'oil'],
      positives: [['', '', 'pump']],
      negatives: [
        ['', '', 'leak'],
        ['', '', 'oil pump'],
      ],
    };
    const given = lines({ ...record, teacher_scores: [2.5, null, -1] }, record);
    const dataset = await work.open(await work.files({ 'train.jsonl': given, 'test.jsonl': lines(record) }));
    const request = { dataset: dataset.summary.digest, model: await publishModel(), maxLength: 100 };
    const { train, test } = (await read((await tokenizeDataset(work.storage, request, tokenizer)).key)).splits;
    expect([...train.positives.teacher!]).toEqual([2.5, Number.NaN]);
    expect([...train.negatives.teacher!]).toEqual([Number.NaN, -1, Number.NaN, Number.NaN]);
    expect([...train.negatives.scores]).toEqual([-1, -1, -1, -1]);
    expect(test.positives).not.toHaveProperty('teacher');
  });

  it('has the passage "nothing" where it is asked for and a training record has no negative', async () => {
    const dataset = await work.open(await work.files(beirFiles), { importer: 'beir' });
    const spec = { ...tinySpec, templates: { ...tinySpec.templates, passage: 'oil: ' } };
    const request = { dataset: dataset.summary.digest, model: await publishModel({ spec }), maxLength: 100 };
    const masked = await tokenizeDataset(work.storage, { ...request, missingNegatives: 'masked' }, tokenizer);
    expect(masked.key).toBe((await tokenizeDataset(work.storage, request, tokenizer)).key);
    const { key } = await tokenizeDataset(work.storage, { ...request, missingNegatives: 'nothing' }, tokenizer);
    expect(tokenContent(key)).not.toBe(tokenContent(masked.key));
    const [before, file] = [await read(masked.key), await read(key)];
    const { negatives } = file.splits.train;
    expect([...before.splits.train.negatives.starts]).toEqual([0, 0, 1]);
    expect([...negatives.starts]).toEqual([0, 1, 2]);
    expect([...negatives.scores]).toEqual([-1, 0]);
    expect(idsOf(file, negatives.values[0]!)).toEqual([...(await encode('oil: ', 'nothing')).ids]);
    expect(file.splits.test).toEqual(before.splits.test);
  });

  it('stops when told and leaves nothing behind', async () => {
    const dataset = await work.open(await work.files(beirFiles), { importer: 'beir' });
    const request = { dataset: dataset.summary.digest, model: await publishModel(), maxLength: 7 };
    const kept = async () => (await readdir(join(work.storage.root, 'objects/tokens')).catch(() => [])).length;
    const before = await kept();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(tokenizeDataset(work.storage, request, tokenizer, signal)).rejects.toThrow('enough');
    expect(await kept()).toBe(before);
    expect(await readdir(join(work.storage.root, 'tmp'))).toEqual([]);
  });

  it('keeps graded pairs with prompts, pooled after the prompt, cut at the length', async () => {
    const sts = (query: string, partner: string, score: number) => ({
      task_type: 'sts',
      query: ['find', '', query],
      positives: [['find', '', partner]],
      positive_scores: [score],
    });
    const long = 'pump '.repeat(30);
    const records = lines(sts('oil', 'leak', 0.25), sts('oil', 'pump', -1), sts(long, 'oil', 1));
    const dataset = await work.open(await work.files({ 'train.jsonl': records }));
    const request = { dataset: dataset.summary.digest, model: await publishModel(), maxLength: 100 };
    const report = await tokenizeDataset(work.storage, request, tokenizer);
    const file = await read(report.key);
    const { train } = file.splits;
    expect(report).toMatchObject({ texts: 3, truncated: 1 });
    expect(train.query).toHaveLength(2);
    expect([...train.positives.scores]).toEqual([0.25, 1]);
    expect(train.positives.values[1]).toBe(train.query[0]);
    const expected = await encode('a b: ', 'leak');
    expect(idsOf(file, train.positives.values[0]!)).toEqual([...expected.ids]);
    expect(file.texts.poolStart[train.positives.values[0]!]).toBe(expected.poolStart);
    expect(expected.poolStart).toBeGreaterThan(0);
    expect(idsOf(file, train.query[1]!)).toHaveLength(tinySpec.maxLength);
    expect(train.documents).toHaveLength(0);
  });

  it('names its content alike for weights of the same tokenizer, otherwise for other settings', async () => {
    const { summary } = await work.open(await work.files(beirFiles), { importer: 'beir' });
    const key = async (change: Parameters<typeof writeTinyModel>[1], maxLength = 12) => {
      const model = await publishModel(change);
      const report = await tokenizeDataset(work.storage, { dataset: summary.digest, model, maxLength }, tokenizer);
      const content = tokenContent(report.key);
      expect(report.key).toBe(`${summary.digest}/${model}/${content}`);
      // Earlier versions kept the content alone: their states are still those of the same data.
      expect(tokenContent(content)).toBe(content);
      return content;
    };
    const first = await key({ seed: 1 });
    expect(await key({ seed: 2 })).toBe(first);
    expect(await key({ seed: 1 }, 512)).toBe(first);
    expect(await key({ seed: 1 }, 8)).not.toBe(first);
    expect(await key({ spec: { ...tinySpec, includePrompt: true } })).not.toBe(first);
    expect(await key({ spec: { ...tinySpec, templates: { ...tinySpec.templates, passage: 'a ' } } })).not.toBe(first);
  });

  it('names what is not there', async () => {
    const model = await publishModel();
    const request = { dataset: 'f'.repeat(64), model, maxLength: 12 };
    await expect(tokenizeDataset(work.storage, request, tokenizer)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

const pathOf = (key: string): string => join(work.storage.path('tokens', key), 'tokens.bin');

/** A token file of these bytes, which are what was written by its manifest. */
async function expectRefused(bytes: Buffer): Promise<void> {
  const staged = await work.storage.stage();
  await writeFile(join(staged, 'tokens.bin'), bytes);
  await work.storage.remove('tokens', 'broken');
  await work.storage.publish('tokens', staged, { name: 'broken' });
  await expect(read('broken')).rejects.toMatchObject(damaged(pathOf('broken')));
}

const damaged = (field: string) => ({
  code: 'UNAVAILABLE',
  details: { reason: 'damaged-file', field, remedy: expect.stringContaining('made again') },
});

async function made() {
  const { summary } = await work.open(await work.files(beirFiles), { importer: 'beir' });
  const request = { dataset: summary.digest, model: await publishModel(), maxLength: 12 };
  const report = await tokenizeDataset(work.storage, request, tokenizer);
  return { request, report, bytes: await readFile(pathOf(report.key)) };
}

describe('token file', () => {
  it('refuses another file, and one that was cut', async () => {
    const { bytes } = await made();
    await expectRefused(bytes.subarray(0, -4));
    await expectRefused(bytes.subarray(0, 100));
    await expectRefused(bytes.subarray(0, 0));
    await expectRefused(Buffer.from(bytes).fill(0, 0, 4));
    await expectRefused(Buffer.from(bytes).fill(0xff, 4, 8));
  });

  it('refuses a header that is damaged anywhere, and numbers that lead outside', async () => {
    const { bytes } = await made();
    const end = 8 + bytes.readUInt32LE(4);
    for (const at of Array.from({ length: 40 }, (_, i) => 8 + Math.floor((i * (end - 8)) / 40))) {
      const zeroed = Buffer.from(bytes);
      zeroed.fill(0, at, at + 12);
      await expectRefused(zeroed);
    }
    const outside = Buffer.from(bytes);
    outside.fill(0xff, end);
    await expectRefused(outside);
  });

  it.each([
    ['one bit is another', (path: string, bytes: Buffer) => writeFile(path, flipped(bytes, bytes.length - 5))],
    ['it is cut', (path: string, bytes: Buffer) => writeFile(path, bytes.subarray(0, -4))],
    ['it is gone', (path: string) => rm(path)],
    ['its manifest is gone', (path: string) => rm(join(path, '../manifest.json'))],
  ])('is refused when %s, and made again by the next who tokenises', async (_, damage) => {
    const { request, report, bytes } = await made();
    const path = pathOf(report.key);
    await damage(path, bytes);
    await expect(read(report.key)).rejects.toMatchObject(damaged(expect.stringContaining(report.key) as never));
    expect(await tokenizeDataset(work.storage, request, tokenizer)).toEqual(report);
    expect(await readFile(path)).toEqual(bytes);
    expect((await read(report.key)).texts.ids.length).toBe(report.tokens);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x10;
  return copy;
}
