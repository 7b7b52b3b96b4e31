/** Folders that were published, and whose process died before a row named them. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { datasets } from '../../../src/db/schema.ts';
import { settleAfterCommit } from '../../../src/jobs/engine/shared-folders.ts';
import { insertModel, newDataset } from '../../db/rows.ts';
import { openWorkplace, readEvents, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
afterAll(() => place.close());

async function publish(kind: 'models' | 'states' | 'datasets', text: string): Promise<string> {
  const staged = await place.storage.stage();
  await writeFile(join(staged, 'x'), text);
  return (await place.storage.publish(kind, staged)).digest;
}

const kept = async (kind: 'models' | 'states' | 'datasets'): Promise<string[]> => place.storage.list(kind);

it('are removed at the next start; what a row names stays, whether that was noted or not', async () => {
  const { db } = place.database;
  const [model, state, set] = [
    await publish('models', 'a'),
    await publish('states', 'b'),
    await publish('datasets', 'c'),
  ];
  const [named, noted] = [await publish('models', 'd'), await publish('datasets', 'e')];
  await insertModel(db, { digest: named });
  await db.transaction(async (tx) => {
    await tx.insert(datasets).values(newDataset({ digest: noted }));
    settleAfterCommit(place.storage, 'datasets', noted);
  });
  await expect
    .poll(async () => (await place.storage.unnamed()).map(({ name }) => name).sort())
    .toEqual([model, state, set, named].sort());
  // Nothing is known of this one: another program's, or of a database that is not there now.
  await mkdir(place.storage.path('models', 'f'.repeat(64)), { recursive: true });

  await place.restartJobs();
  expect(await place.storage.unnamed()).toEqual([]);
  expect(await kept('models')).toEqual(expect.arrayContaining([named, 'f'.repeat(64)]));
  expect(await kept('models')).not.toContain(model);
  expect(await kept('states')).not.toContain(state);
  expect(await kept('datasets')).toContain(noted);
  expect(await kept('datasets')).not.toContain(set);
});

it('are noted as named by the checkpoints of a run', async () => {
  const run = await place.startRun({ epochs: 1 });
  await readEvents(place, run.id);
  await expect.poll(() => place.storage.unnamed()).toEqual([]);
  expect(await readdir(join(place.dataDir, 'unnamed', 'states'))).toEqual([]);
});
