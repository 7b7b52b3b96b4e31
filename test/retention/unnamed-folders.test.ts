/** Folders that were published, and whose process died before a row named them. */
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Retention } from '../../src/retention/retention.ts';
import type { ManifestKind } from '../../src/storage/damaged-file.ts';
import { insertModel } from '../db/rows.ts';
import { openWorkplace, type Workplace } from '../jobs/workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
afterAll(() => place.close());

async function publish(kind: ManifestKind, text: string): Promise<string> {
  const staged = await place.storage.stage();
  await writeFile(join(staged, 'x'), text);
  return (await place.storage.publish(kind, staged)).digest;
}

const exists = (kind: ManifestKind, digest: string): Promise<boolean> => place.storage.exists(kind, digest);

it('are removed at the next start; what a row names stays', async () => {
  const unnamed = [
    { kind: 'models', digest: await publish('models', 'a') },
    { kind: 'states', digest: await publish('states', 'b') },
    { kind: 'datasets', digest: await publish('datasets', 'c') },
  ] as const;
  const named = await publish('models', 'd');
  await insertModel(place.database.db, { digest: named });
  await place.restartJobs();
  for (const { kind, digest } of unnamed) expect(await exists(kind, digest)).toBe(false);
  expect(await exists('models', named)).toBe(true);
});

it('stay if they were there before the database first used the data folder', async () => {
  const before = await publish('models', 'of long ago');
  const past = new Date(Date.now() - 3_600_000);
  await utimes(place.storage.path('models', before), past, past);
  await place.restartJobs();
  expect(await exists('models', before)).toBe(true);
});

it('stay as long as the data folder is used with another database', async () => {
  const { storage, database } = place;
  const ofFirst = await publish('models', 'of the first database');
  const retention = new Retention({ db: database.db, storage, forget: async () => {} });
  await retention.collectGarbage('another database');
  await retention.collectGarbage('another database');
  expect(await exists('models', ofFirst)).toBe(true);
  // The data folder goes back to the database of this file.
  await place.restartJobs();
  expect(await exists('models', ofFirst)).toBe(true);
});

it('stay if the note whose they are is damaged', async () => {
  const ofAnother = await publish('models', 'of another database');
  const path = join(place.dataDir, 'retention.json');
  const past = new Date(Date.now() - 3_600_000);
  await utimes(place.storage.path('models', ofAnother), past, past);
  const note = await readFile(path, 'utf8');
  // One bit of the time: it begins with 0 instead of 1.
  const damaged = note.replace('"since":1', '"since":0');
  expect(damaged).not.toBe(note);
  for (const text of [damaged, damaged.replace(':0', ':'), '']) {
    await writeFile(path, text);
    await place.restartJobs();
    expect(await exists('models', ofAnother)).toBe(true);
  }
});

it('do not stop the start where a file manager left its own files, which stay', async () => {
  const objects = join(place.storage.root, 'objects');
  const strangers = ['models', 'states', 'datasets', 'payloads', 'tokens']
    .flatMap((kind) => ['.DS_Store', 'Thumbs.db', 'a name (1)'].map((name) => join(objects, kind, name)))
    .concat(join(objects, '.DS_Store'));
  for (const path of strangers) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'x');
  }
  await place.restartJobs();
  for (const path of strangers) expect((await stat(path)).size).toBe(1);
});
