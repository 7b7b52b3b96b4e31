/** What a verification finds: every damaged or missing file by its path, and what Tandem did not write. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { vouchForVersion } from '../../src/data/record-vouch.ts';
import { listStored } from '../../src/storage/objects.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { type Finding, verifyObject } from '../../src/storage/verify.ts';
import { lines, workspace } from '../data/import-helpers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let storage: Storage;
let model: string;
let dataset: string;
let payload: string;
const tokens = ['a', 'b', 'c'].map((letter) => letter.repeat(64)).join('/');

async function staged(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await storage.stage();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

beforeAll(async () => {
  const work = workspace(folder());
  ({ storage } = work);
  const record = { task_type: 'ir', query: ['', '', 'q'], positives: [['', '', 'p']], negatives: [] };
  dataset = (await work.open(await work.files({ 'train.jsonl': lines(record, record) }))).summary.digest;
  model = (
    await storage.publish('models', await staged({ 'model.safetensors': 'weights', '1_Pooling/config.json': '{}' }))
  ).digest;
  await storage.publish('tokens', await staged({ 'tokens.bin': '1234' }), { name: tokens });
  payload = createHash('sha256').update('[]').digest('hex');
  await storage.publishFile('payloads', join(await staged({ payload: '[]' }), 'payload'), payload);
});

async function verify(): Promise<Finding[]> {
  const { objects } = await listStored(storage);
  const findings: Finding[] = [];
  for (const object of objects) {
    const { signal } = new AbortController();
    findings.push(...(await verifyObject(storage, object, { datasets: vouchForVersion }, signal)));
  }
  return findings;
}

it('lists objects of every kind, and what is none of them', async () => {
  const others = ['.DS_Store', 'models/.DS_Store', 'models/notes', `tokens/${'a'.repeat(64)}/x.bin`].map((name) =>
    join(storage.root, 'objects', name),
  );
  for (const path of others) await writeFile(path, '');
  const found = await listStored(storage);
  expect(found.objects).toEqual([
    { kind: 'datasets', name: dataset },
    { kind: 'models', name: model },
    { kind: 'payloads', name: payload },
    { kind: 'tokens', name: tokens },
  ]);
  expect([...found.others].sort()).toEqual(others.sort());
  for (const path of others) await rm(path);
  expect(await listStored(openStorage(join(folder(), 'nothing')))).toEqual({ objects: [], others: [] });
});

it('finds nothing where all is as it was written, with and without a manifest', async () => {
  expect(await verify()).toEqual([]);
  for (const path of [storage.path('models', model), storage.path('datasets', dataset)]) {
    const manifest = await readFile(join(path, 'manifest.json'));
    await rm(join(path, 'manifest.json'));
    expect(await verify()).toEqual([]);
    expect(await readFile(join(path, 'manifest.json'))).toEqual(manifest);
  }
});

it.each([
  ['a model', () => join(storage.path('models', model), 'model.safetensors')],
  ['a module of a model', () => join(storage.path('models', model), '1_Pooling/config.json')],
  ['a data set', () => join(storage.path('datasets', dataset), 'records.jsonl')],
  ['the index of a data set', () => join(storage.path('datasets', dataset), 'index.bin')],
  ['a token file', () => join(storage.path('tokens', tokens), 'tokens.bin')],
  ['a payload', () => storage.path('payloads', payload)],
])('names the damaged file of %s', async (_, pathOf) => {
  const path = pathOf();
  const bytes = await readFile(path);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length - 1]! ^= 4;
  for (const damage of [() => writeFile(path, flipped), () => writeFile(path, bytes.subarray(1))]) {
    await damage();
    expect(await verify()).toMatchObject([{ what: 'damaged', path, remedy: expect.stringContaining('gain') }]);
  }
  await writeFile(path, bytes);
  expect(await verify()).toEqual([]);
});

it('names all damaged files of an object, and those that are gone', async () => {
  const path = storage.path('models', model);
  const files = ['1_Pooling/config.json', 'model.safetensors'].map((name) => join(path, name));
  const contents = await Promise.all(files.map((file) => readFile(file)));
  await writeFile(files[0]!, '{"a":1}');
  await rm(files[1]!);
  expect(await verify()).toMatchObject(files.map((file) => ({ what: 'damaged', path: file })));
  for (const [i, file] of files.entries()) await writeFile(file, contents[i]!);
});

it('names the files in an object that were not published with it', async () => {
  const path = join(storage.path('models', model), 'notes.txt');
  await writeFile(path, 'mine');
  expect(await verify()).toMatchObject([{ what: 'unnamed', path }]);
  await rm(path);
});

it('stops with the signal', async () => {
  const enough = new Error('enough');
  const verifying = verifyObject(storage, { kind: 'models', name: model }, {}, AbortSignal.abort(enough));
  await expect(verifying).rejects.toBe(enough);
});

it('finds nothing in an object that is removed meanwhile', async () => {
  const other = { kind: 'models', name: 'f'.repeat(64) } as const;
  expect(await verifyObject(storage, other, {}, new AbortController().signal)).toEqual([]);
});
