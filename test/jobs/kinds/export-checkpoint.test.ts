/** An export is a folder and the end of its job, both or neither. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { jobs } from '../../../src/db/schema.ts';
import { exportCheckpoint } from '../../../src/services/checkpoints/export.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { collectionOf } from '../../db/rows.ts';
import { openWorkplace, type Workplace } from '../../jobs/workplace.ts';

let place: Workplace;
let tandem: Tandem;

beforeAll(async () => {
  place = await openWorkplace();
  const { database, storage, jobs: opened, dataDir } = place;
  tandem = { config: loadConfig({ TANDEM_DATA: dataDir }), database, storage, jobs: opened, startedAt: new Date() };
});
afterAll(() => place.close());

it('leaves no folder where its job cannot be recorded, and may be asked for again', async () => {
  const { database, storage, dataDir } = place;
  const { checkpoint } = await collectionOf(database.db, 4);
  await writeFile(join(storage.path('models', checkpoint.digest), 'config.json'), '{}');
  const losing: Storage = {
    ...storage,
    async require(kind, name) {
      await database.db.update(jobs).set({ state: 'INTERRUPTED' });
      return storage.require(kind, name);
    },
  };
  await expect(exportCheckpoint({ ...tandem, storage: losing }, checkpoint.id, 'mine')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/lost its lease/),
  });
  expect(await readdir(join(dataDir, 'export'))).toEqual([]);
  expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);

  expect(await exportCheckpoint(tandem, checkpoint.id, 'mine')).toMatchObject({
    path: join(dataDir, 'export', 'mine'),
    files: ['config.json'],
    job: { state: 'SUCCEEDED', resultId: checkpoint.id },
  });
  await expect(exportCheckpoint(tandem, checkpoint.id, 'mine')).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await readdir(join(dataDir, 'export'))).toEqual(['mine']);
});
