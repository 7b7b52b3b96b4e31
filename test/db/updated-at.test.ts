/** `updatedAt` of rows: what moves it, what does not, and that no two changes of a row have the same time. */
import { eq, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { globalId } from '../../src/db/global-id.ts';
import * as schema from '../../src/db/schema.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { collectionOf, digestOf, insertModel, insertRun, newDataset } from './rows.ts';

const { checkpoints, collections, datasets, documents, evaluations, jobs, models, runs, suites } = schema;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

type Noun = keyof typeof schema.nouns;

async function timeOf(noun: Noun, id: string): Promise<number> {
  const { table } = schema.nouns[noun];
  const [row] = await database.db
    .select({ updatedAt: table.updatedAt })
    .from(table as PgTable)
    .where(eq(table.id, id));
  return (row.updatedAt as Date).getTime();
}

/** Whether each of the changes moves the time of the row. */
async function moves(noun: Noun, id: string, change: () => PromiseLike<unknown>): Promise<boolean> {
  const before = await timeOf(noun, id);
  await change();
  const after = await timeOf(noun, id);
  expect(after, globalId(schema.nouns[noun].type, id)).toBeGreaterThanOrEqual(before);
  return after > before;
}

it('moves with what people edit, on every noun that they edit, and not with the same values again', async () => {
  const { db } = database;
  const { collection, checkpoint } = await collectionOf(db, 8);
  const [dataset] = await db.insert(datasets).values(newDataset()).returning();
  const rows = [
    ['datasets', datasets, dataset.id],
    ['models', models, checkpoint.modelId],
    ['checkpoints', checkpoints, checkpoint.id],
    ['collections', collections, collection.id],
    ['runs', runs, (await insertRun(db)).id],
  ] as const;
  for (const [noun, table, id] of rows) {
    for (const values of [{ name: `new ${id}` }, { notes: 'Good.' }, { tags: ['a', 'b'] }]) {
      const write = () => db.update(table).set(values).where(eq(table.id, id));
      expect([noun, values, await moves(noun, id, write)]).toEqual([noun, values, true]);
      expect([noun, values, await moves(noun, id, write)]).toEqual([noun, values, false]);
    }
  }
});

it('gives a hundred changes in a row a hundred times, in whole milliseconds, also when the clock is behind', async () => {
  const { id } = await insertModel(database.db);
  const ahead = new Date(Date.now() + 60_000);
  await database.db.update(models).set({ updatedAt: ahead }).where(eq(models.id, id));
  const times = new Set<number>();
  for (let i = 0; i < 100; i++) {
    await database.db
      .update(models)
      .set({ notes: `${i}` })
      .where(eq(models.id, id));
    times.add(await timeOf('models', id));
  }
  expect([...times]).toEqual(Array.from({ length: 100 }, (_, i) => ahead.getTime() + 1 + i));
  const exact = await database.db.execute(sql`select count(*)::int as count from models
    where updated_at <> date_trunc('milliseconds', updated_at)`);
  expect(exact.rows).toEqual([{ count: 0 }]);
});

it('is that of its job for a run: it moves with the state, and not with steps, losses, events and progress', async () => {
  const { db } = database;
  const { id } = await insertRun(db);
  const both = async () => [await timeOf('runs', id), await timeOf('jobs', id)];
  const change = (table: typeof runs | typeof jobs, values: object) => () =>
    db.update(table).set(values).where(eq(table.id, id));
  expect(await moves('runs', id, change(jobs, { state: 'RUNNING', attempt: 1 }))).toBe(true);
  for (const values of [{ step: 5, loss: 0.5, epoch: 1 }, { bestScore: 0.5, bestStep: 5 }, { tokensPerSecond: 10 }])
    expect(await moves('runs', id, change(runs, values))).toBe(false);
  for (const values of [{ lastSeq: 7 }, { progress: { done: 1, total: 2 } }, { lacks: 'a folder' }])
    expect(await moves('runs', id, change(jobs, values))).toBe(false);
  expect(await moves('runs', id, change(runs, { notes: 'Watch it.' }))).toBe(true);
  expect(await moves('runs', id, change(jobs, { cancelRequested: true }))).toBe(true);
  const [run, job] = await both();
  expect(run).toBe(job);
});

it('moves with an alias, with another text of a document, and with any change of a suite or an evaluation', async () => {
  const { db } = database;
  const { collection, checkpoint } = await collectionOf(db, 8);
  const give = (alias: string | null) => () =>
    db.update(checkpoints).set({ alias }).where(eq(checkpoints.id, checkpoint.id));
  expect(await moves('checkpoints', checkpoint.id, give('best'))).toBe(true);
  expect(await moves('checkpoints', checkpoint.id, give(null))).toBe(true);
  const [document] = await db
    .insert(documents)
    .values({ collectionId: collection.id, key: 'a', text: 'One.' })
    .returning();
  const say = (text: string) => () => db.update(documents).set({ text }).where(eq(documents.id, document.id));
  expect(await moves('documents', document.id, say('Two.'))).toBe(true);
  expect(await moves('documents', document.id, say('Two.'))).toBe(false);
  const grow = () => db.update(collections).set({ revision: 1 }).where(eq(collections.id, collection.id));
  expect(await moves('collections', collection.id, grow)).toBe(false);
  const [suite] = await db.insert(suites).values({ name: 'all' }).returning();
  expect(await moves('suites', suite.id, () => db.update(suites).set({ name: 'most' }))).toBe(true);
  const [dataset] = await db.insert(datasets).values(newDataset()).returning();
  const [evaluation] = await db
    .insert(evaluations)
    .values({
      ...{ evaluator: 'checkpoint', checkpointId: checkpoint.id, datasetId: dataset.id, split: 'test', task: 'ir' },
      ...{ main: 'ndcg', metrics: {}, undefinedReasons: {}, count: 1, documents: 1, tokens: 1, seconds: 1 },
      unitsDigest: digestOf('units'),
    })
    .returning();
  const drop = () => db.update(evaluations).set({ unitsDigest: null }).where(eq(evaluations.id, evaluation.id));
  expect(await moves('evaluations', evaluation.id, drop)).toBe(true);
});

it('of a search moves when a part of it, which it awaits, is interrupted or goes on, and with no other state', async () => {
  const { db } = database;
  const [whole] = await db
    .insert(jobs)
    .values({ kind: 'search-architecture', input: {}, awaitsParts: true })
    .returning();
  const [part] = await db.insert(jobs).values({ kind: 'train', input: {}, partOf: whole.id }).returning();
  const state = (next: 'RUNNING' | 'INTERRUPTED' | 'QUEUED' | 'SUCCEEDED') => () =>
    db.update(jobs).set({ state: next }).where(eq(jobs.id, part.id));
  expect(await moves('jobs', whole.id, state('RUNNING'))).toBe(false);
  expect(await moves('jobs', whole.id, state('INTERRUPTED'))).toBe(true);
  expect(await moves('jobs', whole.id, state('QUEUED'))).toBe(true);
  expect(await moves('jobs', whole.id, state('SUCCEEDED'))).toBe(false);
});

it('of a run that runs no longer leaves no estimate of the time left', async () => {
  const { db } = database;
  const { id } = await insertRun(db);
  await db.update(jobs).set({ state: 'RUNNING' }).where(eq(jobs.id, id));
  await db.update(runs).set({ secondsLeft: 60 }).where(eq(runs.id, id));
  const left = async () => (await db.select().from(schema.runsWithJobs).where(eq(schema.runsWithJobs.id, id)))[0];
  expect(await left()).toMatchObject({ secondsLeft: 60 });
  await db.update(jobs).set({ state: 'INTERRUPTED' }).where(eq(jobs.id, id));
  expect(await left()).toMatchObject({ secondsLeft: null });
});
