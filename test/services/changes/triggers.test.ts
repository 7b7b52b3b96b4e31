/** What is written down as a change of a noun, and by which statements. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ChangeRow,
  changedTypes,
  changes,
  checkpoints,
  jobs,
  models,
  nouns,
  runs,
} from '../../../src/db/schema.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { collectionOf, insertModel, insertRun } from '../../db/rows.ts';

let database: TestDatabase;
let seen = 0;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The changes since the last call, without the ids. */
async function told(): Promise<string[]> {
  return (await rowsTold()).map(({ type, kind }) => `${type} ${kind}`);
}

async function rowsTold(): Promise<ChangeRow[]> {
  const { db } = database;
  // Progress is due.
  await db.execute(sql`update change_counter set progress_at = now() - interval '1 minute'`);
  await db.execute(sql`select sequence_changes()`);
  const rows = await db.select().from(changes).where(sql`${changes.seq} > ${seen}`).orderBy(changes.seq);
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, i) => seen + 1 + i));
  seen += rows.length;
  return rows;
}

/** What waits for its number. */
async function waiting(): Promise<{ type: string; kind: string; progress: boolean }[]> {
  const { rows } = await database.db.execute<{ type: string; kind: string; progress: boolean }>(
    sql`select type, kind, progress from change_outbox order by id`,
  );
  return rows;
}

describe('a change', () => {
  beforeEach(async () => {
    await told();
  });

  it('is told of every noun but documents, whose collection tells of them, and what only admins read', () => {
    const types = Object.values(nouns).map(({ type }) => type);
    expect([...changedTypes, 'Document', 'ApiKey', 'AuditEntry'].sort()).toEqual(types.sort());
  });

  it('has a trigger on the table of each noun', async () => {
    const { rows } = await database.db.execute<{ type: string }>(sql`
      select encode(tgargs, 'escape') as type from pg_trigger where tgname = 'note_existence'`);
    expect(rows.map(({ type }) => type.replace('\\000', '')).sort()).toEqual([...changedTypes].sort());
  });

  it('is that of a row that is made, changed and deleted; one that stays as it was is none', async () => {
    const { db } = database;
    const { id, name } = await insertModel(db);
    expect(await rowsTold()).toMatchObject([{ type: 'Model', key: id, kind: 'created' }]);
    await db.update(models).set({ name }).where(eq(models.id, id));
    expect(await told()).toEqual([]);
    await db.update(models).set({ name: 'another' }).where(eq(models.id, id));
    expect(await rowsTold()).toMatchObject([{ type: 'Model', key: id, kind: 'updated' }]);
    await db.delete(models).where(eq(models.id, id));
    expect(await rowsTold()).toMatchObject([{ type: 'Model', key: id, kind: 'deleted' }]);
  });

  it('is told once of what one batch changes several times', async () => {
    const { db } = database;
    const { id } = await insertModel(db);
    await db.update(models).set({ name: 'another' }).where(eq(models.id, id));
    expect(await told()).toEqual(['Model created']);
    await db.update(models).set({ name: 'a third' }).where(eq(models.id, id));
    await db.update(models).set({ name: 'a fourth' }).where(eq(models.id, id));
    expect(await told()).toEqual(['Model updated']);
    await db.update(models).set({ name: 'a fifth' }).where(eq(models.id, id));
    await db.delete(models).where(eq(models.id, id));
    expect(await told()).toEqual(['Model deleted']);
  });

  it('leaves nothing of a transaction that is rolled back', async () => {
    const fails = database.db.transaction(async (tx) => {
      await insertModel(tx);
      throw new Error('no');
    });
    await expect(fails).rejects.toThrow('no');
    expect(await waiting()).toEqual([]);
  });

  it('is told of what goes with something else', async () => {
    const { db } = database;
    const run = await insertRun(db);
    await told();
    await db.delete(jobs).where(eq(jobs.id, run.id));
    expect((await rowsTold()).map(({ type, kind, key }) => [type, kind, key])).toEqual([
      ['Job', 'deleted', run.id],
      ['Run', 'deleted', run.id],
    ]);
  });

  it('of a job is one of the run or the search that shows it', async () => {
    const { db } = database;
    const run = await insertRun(db);
    await told();
    await db.update(jobs).set({ state: 'RUNNING' }).where(eq(jobs.id, run.id));
    expect((await told()).sort()).toEqual(['Job updated', 'Run updated']);
    const [whole] = await db.insert(jobs).values({ kind: 'search-architecture', input: {} }).returning();
    await db.update(jobs).set({ partOf: whole.id }).where(eq(jobs.id, run.id));
    await told();
    await db.update(jobs).set({ state: 'INTERRUPTED' }).where(eq(jobs.id, run.id));
    const rows = await rowsTold();
    expect(rows.map(({ type }) => type).sort()).toEqual(['ArchitectureSearch', 'Job', 'Run']);
    expect(rows.find(({ type }) => type === 'ArchitectureSearch')?.key).toBe(whole.id);
  });

  it('of documents is one of their collection', async () => {
    const { db } = database;
    const { collection } = await collectionOf(db, 3);
    await told();
    await db.execute(sql`update collections set revision = revision + 1 where id = ${collection.id}`);
    await db.execute(sql`
      insert into documents (collection_id, key, text) select ${collection.id}, n, 'text' from generate_series(1, 2000) n`);
    expect(await rowsTold()).toMatchObject([{ type: 'Collection', kind: 'updated', key: collection.id }]);
  });

  it('that only tells of progress waits for its second, or goes with another change of its noun', async () => {
    const { db } = database;
    const run = await insertRun(db);
    await told();
    await db.execute(sql`update change_counter set progress_at = now() + interval '1 hour'`);
    const sequence = async (): Promise<[number, boolean]> => {
      const { rows } = await db.execute<{ last_seq: string; waits_ms: number | null }>(
        sql`select last_seq, waits_ms from sequence_changes()`,
      );
      return [Number(rows[0].last_seq) - seen, rows[0].waits_ms !== null];
    };
    await db.update(runs).set({ step: 1, loss: 0.5, tokensPerSecond: 3 }).where(eq(runs.id, run.id));
    await db
      .update(jobs)
      .set({ lastSeq: 2, progress: { stage: 'train', done: 1, total: 2 } })
      .where(eq(jobs.id, run.id));
    expect((await waiting()).map(({ type, progress }) => [type, progress])).toEqual([
      ['Run', true],
      ['Job', true],
      ['Run', true],
    ]);
    expect(await sequence()).toEqual([0, true]);
    // What else changes of the run takes its progress along; that of its job goes on waiting.
    await db.update(runs).set({ steps: 10 }).where(eq(runs.id, run.id));
    expect(await sequence()).toEqual([1, true]);
    expect((await waiting()).map(({ type }) => type)).toEqual(['Job']);
    expect(await told()).toEqual(['Run updated', 'Job updated']);
  });

  it('of an alias is no progress', async () => {
    const { db } = database;
    const { checkpoint } = await collectionOf(db, 3);
    await told();
    await db.update(checkpoints).set({ alias: 'best' }).where(eq(checkpoints.id, checkpoint.id));
    expect(await waiting()).toEqual([{ type: 'Checkpoint', kind: 'updated', progress: false }]);
  });
});
