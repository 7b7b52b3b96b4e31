/** The queue of a host among others: runs whose files lie elsewhere, and runs that go away while it looks. */
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { runDatasets, runs } from '../../../src/db/schema.ts';
import { RunQueue } from '../../../src/jobs/runs/queue.ts';
import { createLogger } from '../../../src/log.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../../db/database.ts';
import { digestOf, insertModel, insertRun } from '../../db/rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(postgresUrl ? 'postgres' : 'pglite');
});
afterAll(() => database.close());

const elsewhere = digestOf('a model of another host');
let missing: Set<string>;
/** Digests that were looked for, in order. */
let looked: string[];
let onLook: () => Promise<unknown>;

beforeEach(async () => {
  await database.db.delete(runs);
  missing = new Set([elsewhere]);
  looked = [];
  onLook = async () => {};
});
afterEach(() => void vi.useRealTimers());

function openQueue(): RunQueue {
  const { db } = database;
  const exists = async (_kind: string, digest: string): Promise<boolean> => {
    looked.push(digest);
    await onLook();
    return !missing.has(digest);
  };
  const log = createLogger('test', 'silent');
  return new RunQueue({ db, storage: { exists }, host: { name: 'here', pid: 1 }, shared: true, log });
}

/** So many runs of one model, each older than those that are made later. */
async function queueRuns(count: number, digest?: string): Promise<string[]> {
  const { db } = database;
  const first = await insertRun(db);
  if (digest) {
    const model = await insertModel(db, { digest });
    await db.update(runs).set({ modelId: model.id }).where(eq(runs.id, first.id));
  }
  const [run] = await db.select().from(runs).where(eq(runs.id, first.id));
  const { id: _id, createdAt: _createdAt, ...same } = run!;
  const others =
    count > 1
      ? await db
          .insert(runs)
          .values(Array(count - 1).fill(same))
          .returning()
      : [];
  return [first.id, ...others.map(({ id }) => id)];
}

it('comes past any number of runs of other hosts, and looks for a missing file once a time', async () => {
  await queueRuns(150, elsewhere);
  const [own] = await queueRuns(1);
  const queue = openQueue();
  expect(await queue.take()).toBeUndefined();
  expect(looked).toHaveLength(100);
  expect(await queue.take()).toEqual({ runId: own, number: 1 });
  looked = [];
  const select = vi.spyOn(database.db, 'select');
  expect(await queue.take()).toBeUndefined();
  expect(looked).toEqual([elsewhere]);
  expect(select).toHaveBeenCalledTimes(1);
  select.mockRestore();
});

it('takes a run whose files have come', async () => {
  const [run] = await queueRuns(1, elsewhere);
  const queue = openQueue();
  expect(await queue.take()).toBeUndefined();
  missing.clear();
  expect(await queue.take()).toEqual({ runId: run, number: 1 });
});

it('reads a run again after a while: it may need other files by then', async () => {
  const [run] = await queueRuns(1, elsewhere);
  const queue = openQueue();
  expect(await queue.take()).toBeUndefined();
  const model = await insertModel(database.db);
  await database.db.update(runs).set({ modelId: model.id }).where(eq(runs.id, run!));
  expect(await queue.take()).toBeUndefined();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 });
  expect(await queue.take()).toEqual({ runId: run, number: 1 });
});

it('passes over a run that is deleted while it looks', async () => {
  const { db } = database;
  const [[_first], [second], [third]] = [await queueRuns(1, elsewhere), await queueRuns(1), await queueRuns(1)];
  onLook = async () => {
    await db.delete(runDatasets).where(eq(runDatasets.runId, second!));
    await db.delete(runs).where(eq(runs.id, second!));
  };
  expect(await openQueue().take()).toEqual({ runId: third, number: 1 });
});
