/** What a checkpoint has learnt from, through stages and fusions, and which data sets that is related to. */
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type CheckpointRow,
  checkpointParents,
  checkpoints,
  datasets,
  runDatasets,
  runStarts,
} from '../../../src/db/schema.ts';
import { overlapOf, trainingSets } from '../../../src/services/checkpoints/overlap.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { digestOf, insertModel, insertRun, newDataset } from '../../db/rows.ts';

let database: TestDatabase;
let modelId: string;
beforeAll(async () => {
  database = await openTestDatabase();
  modelId = (await insertModel(database.db)).id;
});
afterAll(() => database.close());

/** The part of a service that is asked; no text is shared. */
const counts = { texts: 5, sharedTexts: 0, pairs: 2, sharedPairs: 0 };
const tandem = (shared = counts) => ({ database, jobs: { cpu: { call: async () => shared } } }) as unknown as Tandem;

async function insertDataset(name: string, derivedFrom: readonly string[] = []) {
  const values = newDataset({ name, digest: digestOf(name), derivedFrom });
  const [row] = await database.db.insert(datasets).values(values).returning();
  return row!;
}

async function insertCheckpoint(values: Partial<CheckpointRow>): Promise<CheckpointRow> {
  const common = { reason: 'epoch', modelId, digest: digestOf(randomUUID()), bytes: 1 } as const;
  const [row] = await database.db
    .insert(checkpoints)
    .values({ ...common, ...values })
    .returning();
  return row!;
}

/** A run on one data set, from a checkpoint or from the model: its first and its last checkpoint. */
async function trained(name: string, from?: CheckpointRow) {
  const { db } = database;
  const run = await insertRun(db, {}, randomUUID(), modelId);
  const dataset = await insertDataset(name);
  await db.update(runDatasets).set({ datasetId: dataset.id }).where(eq(runDatasets.runId, run.id));
  if (from) await db.insert(runStarts).values({ runId: run.id, checkpointId: from.id });
  const first = await insertCheckpoint({ runId: run.id, reason: 'initial', ...(from && { digest: from.digest }) });
  return { first, last: await insertCheckpoint({ runId: run.id, step: 7 }) };
}

const namesOf = async ({ id }: CheckpointRow) => (await trainingSets(tandem(), id)()).map(({ name }) => name);

it('is what the runs of its lineage trained on, and not what a run had yet to begin with', async () => {
  const one = await trained('one');
  const two = await trained('two', one.last);
  const other = await trained('other');
  expect(await namesOf(one.first)).toEqual([]);
  expect(await namesOf(one.last)).toEqual(['one']);
  expect(await namesOf(two.first)).toEqual(['one']);
  expect(await namesOf(two.last)).toEqual(['one', 'two']);
  const fused = await insertCheckpoint({ reason: 'fused', fusion: { method: 'uniform-soup', parameters: {} } });
  for (const [position, parent] of [two.first, other.last].entries()) {
    await database.db.insert(checkpointParents).values({ checkpointId: fused.id, position, parentId: parent.id });
  }
  expect(await namesOf(fused)).toEqual(['one', 'other']);
  expect(await namesOf((await trained('three', fused)).last)).toEqual(['one', 'other', 'three']);
});

it('is seen by the version, by the name, and by what data sets are derived from', async () => {
  const { last } = await trained('benchmark');
  const sets = trainingSets(tandem(), last.id);
  const [benchmark] = await sets();
  const overlap = async (row: typeof benchmark, shared = counts) => {
    const { same, related, unseen } = await overlapOf(tandem(shared), row!, 'test', sets, new AbortController().signal);
    return [same.length, related.map(({ name }) => name), unseen];
  };
  expect(await overlap(benchmark)).toEqual([1, [], false]);
  expect(await overlap({ ...benchmark!, digest: digestOf('its next version') })).toEqual([0, ['benchmark'], false]);
  const far = await insertDataset('far');
  expect(await overlap(far)).toEqual([0, [], true]);
  expect(await overlap(far, { ...counts, sharedTexts: 1 })).toEqual([0, [], false]);
  expect(await overlap(await insertDataset('translation', ['benchmark']))).toEqual([0, ['benchmark'], false]);
  expect(await overlap(await insertDataset('of it', ['translation']))).toEqual([0, ['benchmark'], false]);
  // A sibling: the set that was trained on is itself derived from what this one is derived from.
  await database.db
    .update(datasets)
    .set({ derivedFrom: ['years'] })
    .where(eq(datasets.id, benchmark!.id));
  expect(await overlap(await insertDataset('years'))).toEqual([0, ['benchmark'], false]);
  expect(await overlap(await insertDataset('selection', ['years']))).toEqual([0, ['benchmark'], false]);
});
