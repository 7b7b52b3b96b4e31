/** Rows of equal content name the same folder: deleting one row leaves the folder to the others. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { checkpoints, jobs } from '../../src/db/schema.ts';
import { recordCheckpoint } from '../../src/jobs/training/checkpoints.ts';
import * as checkpointService from '../../src/services/checkpoints/checkpoints.ts';
import { deleteRows } from '../../src/services/common/editing/remove.ts';
import * as runService from '../../src/services/runs/runs.ts';
import type { Tandem } from '../../src/services/tandem.ts';
import { openWorkplace, readEvents, statesOf, type Workplace } from '../jobs/workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
afterAll(() => place.close());

const tandem = () => {
  const { dataDir, database, storage, jobs } = place;
  return { config: loadConfig({ TANDEM_DATA: dataDir }), database, storage, jobs, startedAt: new Date() } as Tandem;
};

const lastOf = async (runId: string) => {
  const rows = await place.database.db.select().from(checkpoints).where(eq(checkpoints.runId, runId));
  return rows.sort((a, b) => b.step - a.step)[0]!;
};

/** Two runs with the same data, model and seed. The second was interrupted at the step where the first ended. */
async function equalRuns(seed: number) {
  const first = await place.startRun({ epochs: 1, seed });
  await readEvents(place, first.id);
  const second = await place.startRun({ epochs: 1, seed });
  await readEvents(place, second.id);
  const { db } = place.database;
  const [a, b] = [await lastOf(first.id), await lastOf(second.id)];
  // The test's rows give every run a model of its own; equal runs have one, so their folders are made one here.
  await db.update(checkpoints).set({ digest: a.digest, stateDigest: a.stateDigest }).where(eq(checkpoints.id, b.id));
  await db.update(jobs).set({ state: 'INTERRUPTED', finishedAt: null }).where(eq(jobs.id, second.id));
  return { first, second, model: a.digest, state: a.stateDigest ?? '' };
}

it('deletes a run and leaves the state that another resumes from', async () => {
  const { first, second, model, state } = await equalRuns(5);
  await deleteRows(tandem(), runService.deletion, [first.id]);
  expect(await place.storage.exists('models', model)).toBe(true);
  expect(await place.storage.exists('states', state)).toBe(true);
  await place.jobs.resumeRun(second.id);
  expect(statesOf(await readEvents(place, second.id)).at(-1)).toBe('SUCCEEDED');
  await deleteRows(tandem(), runService.deletion, [second.id]);
  expect(await place.storage.exists('models', model)).toBe(false);
  expect(await place.storage.exists('states', state)).toBe(false);
});

it('deletes a checkpoint and leaves the files that another names', async () => {
  const { first, model, state } = await equalRuns(7);
  await deleteRows(tandem(), checkpointService.deletion, [(await lastOf(first.id)).id]);
  expect(await place.storage.exists('models', model)).toBe(true);
  expect(await place.storage.exists('states', state)).toBe(true);
});

it('keeps a folder that a row names, and refuses a checkpoint whose files are gone', async () => {
  const { database, storage, jobs } = place;
  const run = await place.startRun({ epochs: 1, seed: 6 });
  await readEvents(place, run.id);
  const last = await lastOf(run.id);
  await jobs.retention.release('models', [last.digest, null]);
  expect(await storage.exists('models', last.digest)).toBe(true);

  await storage.remove('models', last.digest);
  const event = { type: 'checkpoint', reason: 'stop', step: 99, epoch: 1, bytes: 1, model: last.digest } as const;
  const owner = { runId: run.id, modelId: run.modelId, attempt: 1 };
  const recording = database.db.transaction((tx) =>
    recordCheckpoint(tx, storage, owner, { ...event, state: last.stateDigest ?? '' }),
  );
  await expect(recording).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
