/** Which jobs a host can work on: those whose files lie here; the others wait for the host that has theirs. */
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Use } from '../../../src/db/schema/types.ts';
import { checkpoints, jobs, runs } from '../../../src/db/schema.ts';
import { JobFiles } from '../../../src/jobs/engine/files.ts';
import { createLogger } from '../../../src/log.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../../db/database.ts';
import { collectionOf, digestOf, insertModel, insertRun } from '../../db/rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(postgresUrl ? 'postgres' : 'pglite');
});
afterAll(() => database.close());

const elsewhere = digestOf('a model of another host');
let missing: Set<string>;
/** What was looked for, in order. */
let looked: string[];
let files: JobFiles;

beforeEach(() => {
  missing = new Set([elsewhere]);
  looked = [];
  const exists = async (kind: string, digest: string): Promise<boolean> => {
    looked.push(`${kind}/${digest}`);
    return !missing.has(digest);
  };
  files = new JobFiles({ db: database.db, storage: { exists }, log: createLogger('test', 'silent') });
});
afterEach(() => void vi.useRealTimers());

async function runOf(digest: string): Promise<string> {
  const { db } = database;
  const run = await insertRun(db);
  const model = await insertModel(db, { digest });
  await db.update(runs).set({ modelId: model.id }).where(eq(runs.id, run.id));
  return run.id;
}

it('lets a job wait that lacks a file, says which, and looks for it once a time', async () => {
  const runId = await runOf(elsewhere);
  expect(await files.has(runId)).toBe(false);
  const [job] = await database.db.select().from(jobs).where(eq(jobs.id, runId));
  expect(job?.lacks).toBe(`models/${elsewhere}`);
  looked = [];
  const select = vi.spyOn(database.db, 'select');
  expect(await files.lacking()).toEqual([runId]);
  expect(looked).toEqual([`models/${elsewhere}`]);
  expect(select).not.toHaveBeenCalled();
  select.mockRestore();
});

it('forgets the lack once the file has come', async () => {
  const runId = await runOf(elsewhere);
  expect(await files.has(runId)).toBe(false);
  missing.clear();
  expect(await files.lacking()).toEqual([]);
  expect(await files.has(runId)).toBe(true);
});

it('looks at a job again after a while: it may need other files by then', async () => {
  const runId = await runOf(elsewhere);
  expect(await files.has(runId)).toBe(false);
  const model = await insertModel(database.db);
  await database.db.update(runs).set({ modelId: model.id }).where(eq(runs.id, runId));
  expect(await files.lacking()).toEqual([runId]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 });
  expect(await files.lacking()).toEqual([]);
  expect(await files.has(runId)).toBe(true);
});

it('takes a job that is gone for one that lacks nothing', async () => {
  const runId = await runOf(elsewhere);
  await database.db.delete(jobs).where(eq(jobs.id, runId));
  expect(await files.has(runId)).toBe(true);
});

it('finds the folders of every use', async () => {
  const { db } = database;
  const { collection, checkpoint } = await collectionOf(db, 4);
  const runId = await runOf(digestOf('a model'));
  const state = { stateDigest: digestOf('state'), digest: digestOf('weights') };
  const values = { reason: 'epoch', modelId: checkpoint.modelId, runId, step: 1, bytes: 1, ...state } as const;
  await db.insert(checkpoints).values(values);
  const folders: Record<string, readonly Use[]> = {
    [`models/${checkpoint.digest}`]: [{ kind: 'collection', id: collection.id }],
    [`payloads/${digestOf('payload')}`]: [{ kind: 'payload', id: digestOf('payload') }],
    [`states/${state.stateDigest}`]: [{ kind: 'run', id: runId }],
    [`models/${state.digest}`]: [{ kind: 'run', id: runId }],
    [`datasets/${digestOf('records')}`]: [{ kind: 'run', id: runId }],
  };
  for (const [folder, uses] of Object.entries(folders)) {
    const [kind, digest] = folder.split('/');
    missing = new Set([digest!]);
    expect(await files.missing(uses)).toEqual({ kind, digest });
  }
  const gone = [{ kind: 'checkpoint', id: collection.id }] as const;
  expect(await files.missing(gone)).toBeUndefined();
});
