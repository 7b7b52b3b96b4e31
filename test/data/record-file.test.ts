import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRecordFile, openDataset } from '../../src/data/record-file.ts';
import { type Split, type StoredLine, splits } from '../../src/data/types.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
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
let storage: Storage;
beforeAll(() => {
  storage = openStorage(folder());
});

/** The digest of a version. */
async function write(lines: readonly StoredLine[], declared: Partial<typeof settings> = {}): Promise<string> {
  const staged = await storage.stage();
  const file = await createRecordFile(staged, { ...settings, ...declared });
  for (const line of lines) await file.write(line);
  const { digest } = await file.finish([{ message: 'odd', count: 2 }]);
  await storage.publish('datasets', staged, { name: digest });
  return digest;
}

const pathOf = (digest: string, name: string): string => join(storage.path('datasets', digest), name);
const opened = (digest: string) => openDataset(storage, digest);

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
    const dataset = await opened(await write(lines));
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
    const dataset = await opened(await write(scattered));
    expect((await all(dataset.records('test'))).map(({ id }) => id)).toEqual(['r0', 'r100', 'r200']);
  });

  it('has one digest for equal content, another for another record, order or setting', async () => {
    const digest = async (written: readonly StoredLine[], declared = {}) =>
      (await opened(await write(written, declared))).summary.digest;
    const two = [record('train', 'a'), record('train', 'b')];
    const first = await digest(two);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(two)).toBe(first);
    for (const other of [two.slice(1), [...two].reverse()]) expect(await digest(other)).not.toBe(first);
    expect(await digest(two, { ignoreIdenticalIds: true })).not.toBe(first);
    expect(await digest(two, { scale: [0, 5] })).not.toBe(first);
  });

  it('refuses a damaged version and says what to do', async () => {
    const digest = await write([record('train', 'a')]);
    await appendFile(pathOf(digest, 'records.jsonl'), 'more');
    await expectDamaged(opened(digest), pathOf(digest, 'records.jsonl'));
    await expectDamaged(opened('f'.repeat(64)), storage.path('datasets', 'f'.repeat(64)));
  });

  describe.each([
    ['', async () => {}],
    [' of a version without a manifest', (digest: string) => rm(pathOf(digest, 'manifest.json'))],
  ])('a damaged file%s', (_, prepare) => {
    it.each([
      ['index.bin', 'another magic', (bytes: Buffer) => bytes.fill(0, 0, 4)],
      ['index.bin', 'a count', (bytes: Buffer) => bytes.fill(0xff, 4, 8)],
      ['index.bin', 'offsets', (bytes: Buffer) => bytes.fill(0xff, 28, 44)],
      ['index.bin', 'the last bit', (bytes: Buffer) => flipped(bytes, bytes.length - 1)],
      ['index.bin', 'nothing', () => Buffer.alloc(0)],
      ['index.bin', 'its beginning', (bytes: Buffer) => bytes.subarray(0, 30)],
      ['summary.json', 'nothing', () => Buffer.alloc(0)],
      ['summary.json', 'its beginning', (bytes: Buffer) => bytes.subarray(0, 40)],
      ['summary.json', 'another object', () => Buffer.from('{"bytes": 3}')],
      ['summary.json', 'a bit of a count', (bytes: Buffer) => flipped(bytes, bytes.indexOf('"train": ') + 9)],
    ])('names %s with %s', async (name, _, damage) => {
      const digest = await write([record('train', 'a'), record('dev', 'b')]);
      await prepare(digest);
      const path = pathOf(digest, name);
      await writeFile(path, damage(await readFile(path)));
      await expectDamaged(opened(digest), path);
      await rm(path);
      await expectDamaged(opened(digest), path);
      await storage.remove('datasets', digest);
    });

    it('names records of which one bit is another', async () => {
      const digest = await write([record('train', 'a'), record('dev', 'b')]);
      await prepare(digest);
      const path = pathOf(digest, 'records.jsonl');
      const bytes = await readFile(path);
      await writeFile(path, flipped(bytes, bytes.indexOf('text of a') + 8));
      await expectDamaged(
        opened(digest).then((dataset) => dataset.page('train', 0, 1)),
        path,
      );
      await storage.remove('datasets', digest);
    });
  });

  it('gives a version without a manifest one, once its files are found whole', async () => {
    const digest = await write(lines);
    const path = pathOf(digest, 'manifest.json');
    const manifest = await readFile(path);
    for (const damage of [() => rm(path), () => writeFile(path, flipped(manifest, 40))]) {
      await damage();
      expect((await opened(digest)).summary.digest).toBe(digest);
      expect(await readFile(path)).toEqual(manifest);
    }
  });

  it('finds a version whole whatever the order of the settings in its summary', async () => {
    const digest = await write(lines);
    const path = pathOf(digest, 'summary.json');
    const { task, scale, ...others } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...others, scale, task }));
    await rm(pathOf(digest, 'manifest.json'));
    expect((await opened(digest)).summary).toMatchObject({ task, scale });
  });

  it('is mended by an import of the same data', async () => {
    const written = [record('train', 'a'), record('train', 'b')];
    const digest = await write(written);
    const path = pathOf(digest, 'records.jsonl');
    const bytes = await readFile(path);
    await writeFile(path, flipped(bytes, 90));
    expect(await write(written)).toBe(digest);
    expect(await readFile(path)).toEqual(bytes);
  });

  it('names records with a page of zeros, whenever they are read', async () => {
    const digest = await write([record('train', 'a'), record('train', 'b')]);
    const dataset = await opened(digest);
    const path = pathOf(digest, 'records.jsonl');
    await writeFile(path, (await readFile(path)).fill(0, 100));
    await expectDamaged(dataset.page('train', 0, 2), path);
    await rm(path);
    await expectDamaged(dataset.page('train', 0, 2), path);
  });

  it('passes over files that it did not write', async () => {
    const digest = await write([record('train', 'a')]);
    for (const manifest of ['there', 'gone']) {
      await writeFile(pathOf(digest, '.DS_Store'), 'of a file manager');
      if (manifest === 'gone') await rm(pathOf(digest, 'manifest.json'));
      expect((await opened(digest)).summary.counts.train).toBe(1);
    }
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}
