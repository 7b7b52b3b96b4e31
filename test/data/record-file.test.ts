import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRecordFile, openDataset } from '../../src/data/record-file.ts';
import { type Split, type StoredLine, splits } from '../../src/data/types.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { all } from './import-helpers.ts';

const folder = temporaryFolder();

const record = (split: Split, id: string, text = `text of ${id}`): StoredLine => ({
  kind: 'record',
  split,
  id,
  positiveDocuments: ['d'],
  task: 'ir',
  query: ['', '', text],
  positives: [['', '', 'Straße 😀']],
  negatives: [],
  positiveScores: [1],
  negativeScores: [],
});

const settings = { task: 'ir', scale: [0, 1], ignoreIdenticalIds: false } as const;
let versions = 0;

async function write(lines: readonly StoredLine[], declared: Partial<typeof settings> = {}): Promise<string> {
  const path = join(folder(), `version-${versions++}`);
  await mkdir(path);
  const file = await createRecordFile(path, { ...settings, ...declared });
  for (const line of lines) await file.write(line);
  await file.finish([{ message: 'odd', count: 2 }]);
  return path;
}

const expectDamaged = (reading: Promise<unknown>, file: string): Promise<void> =>
  expect(reading).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { reason: 'damaged-file', field: expect.stringContaining(file), remedy: expect.stringContaining('again') },
  });

describe('record file', () => {
  // More lines than one read takes, splits interleaved, lengths from short to long.
  const lines: StoredLine[] = Array.from({ length: 1500 }, (_, n) =>
    n % 7 === 0
      ? {
          kind: 'document',
          splits: n % 2 === 0 ? ['train', 'test'] : ['dev'],
          id: `d${n}`,
          text: ['', '', `document ${n}`],
        }
      : record(splits[n % 3]!, `r${n}`, 'x'.repeat((n * 37) % 500) + n),
  );

  it('gives back what was written, by number, by page and in order', async () => {
    const dataset = await openDataset(await write(lines));
    for (const split of splits) {
      const own = lines.filter((line) => line.kind === 'record' && line.split === split);
      const documents = lines.filter((line) => line.kind === 'document' && line.splits.includes(split));
      expect(dataset.summary.counts[split]).toBe(own.length);
      expect(dataset.summary.documentCounts[split]).toBe(documents.length);
      expect(await all(dataset.records(split))).toEqual(own);
      expect(await all(dataset.documents(split))).toEqual(documents);
      expect(await dataset.record(split, own.length - 1)).toEqual(own.at(-1));
      expect(await dataset.page(split, 100, 17)).toEqual(own.slice(100, 117));
      expect(await dataset.page(split, own.length - 3, 17)).toEqual(own.slice(-3));
      expect(await dataset.page(split, own.length, 17)).toEqual([]);
    }
    expect(dataset.summary).toMatchObject({ ...settings, warnings: [{ message: 'odd', count: 2 }] });
    await expect(dataset.record('dev', 1500)).rejects.toThrow('No record 1500');
  });

  it('reads single lines where a split is scattered', async () => {
    const scattered = Array.from({ length: 300 }, (_, n) =>
      record(n % 100 === 0 ? 'test' : 'train', `r${n}`, 'y'.repeat(300)),
    );
    const dataset = await openDataset(await write(scattered));
    expect((await all(dataset.records('test'))).map(({ id }) => id)).toEqual(['r0', 'r100', 'r200']);
  });

  it('has one digest for equal content, another for another record, order or setting', async () => {
    const digest = async (written: readonly StoredLine[], declared = {}) =>
      (await openDataset(await write(written, declared))).summary.digest;
    const two = [record('train', 'a'), record('train', 'b')];
    const first = await digest(two);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(two)).toBe(first);
    for (const other of [two.slice(1), [...two].reverse()]) expect(await digest(other)).not.toBe(first);
    expect(await digest(two, { ignoreIdenticalIds: true })).not.toBe(first);
    expect(await digest(two, { scale: [0, 5] })).not.toBe(first);
  });

  it('refuses a damaged version and says what to do', async () => {
    const path = await write([record('train', 'a')]);
    await appendFile(join(path, 'records.jsonl'), 'more');
    await expectDamaged(openDataset(path), join(path, 'records.jsonl'));
    await expectDamaged(openDataset(join(folder(), 'nothing')), join(folder(), 'nothing'));
  });

  it.each([
    ['index.bin', 'another magic', (bytes: Buffer) => bytes.fill(0, 0, 4)],
    ['index.bin', 'a count', (bytes: Buffer) => bytes.fill(0xff, 4, 8)],
    ['index.bin', 'offsets', (bytes: Buffer) => bytes.fill(0xff, 28, 44)],
    ['index.bin', 'nothing', () => Buffer.alloc(0)],
    ['index.bin', 'its beginning', (bytes: Buffer) => bytes.subarray(0, 30)],
    ['summary.json', 'nothing', () => Buffer.alloc(0)],
    ['summary.json', 'its beginning', (bytes: Buffer) => bytes.subarray(0, 40)],
    ['summary.json', 'another object', () => Buffer.from('{"bytes": 3}')],
  ])('names %s with %s', async (name, _, damage) => {
    const path = await write([record('train', 'a'), record('dev', 'b')]);
    await writeFile(join(path, name), damage(await readFile(join(path, name))));
    await expectDamaged(openDataset(path), join(path, name));
    await rm(join(path, name));
    await expectDamaged(openDataset(path), join(path, name));
  });

  it('names records with a page of zeros, whenever they are read', async () => {
    const path = await write([record('train', 'a'), record('train', 'b')]);
    const dataset = await openDataset(path);
    const bytes = await readFile(join(path, 'records.jsonl'));
    await writeFile(join(path, 'records.jsonl'), bytes.fill(0, 100));
    await expectDamaged(dataset.page('train', 0, 2), join(path, 'records.jsonl'));
    await rm(join(path, 'records.jsonl'));
    await expectDamaged(dataset.page('train', 0, 2), join(path, 'records.jsonl'));
  });
});
