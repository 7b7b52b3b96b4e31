/** The retention of a run's checkpoints keeps those that a running job uses. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpoints, jobs } from '../../src/db/schema.ts';
import { pruneCheckpoints } from '../../src/jobs/training/checkpoints.ts';
import { Retention } from '../../src/retention/retention.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../db/database.ts';
import { digestOf, insertRun } from '../db/rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(postgresUrl ? 'postgres' : 'pglite');
});
afterAll(() => database.close());

it('keeps what a live job uses, alone or among others, until the job has ended', async () => {
  const { db, dataDir } = database;
  const { id: runId, modelId } = await insertRun(db);
  const steps = [1, 2, 3, 4, 5].map((step) => ({
    ...({ reason: 'interval', modelId, runId, bytes: 1, epoch: 0, attempt: 1 } as const),
    ...{ step, digest: digestOf(`step ${step}`) },
  }));
  const made = await db.insert(checkpoints).values(steps).returning();
  const [evaluated, fused] = made.map(({ id }) => id);
  const inputs = [
    { kind: 'evaluate', input: {}, uses: [{ kind: 'checkpoint', id: evaluated! }] },
    { kind: 'fuse', input: {}, uses: ['of another run', fused!].map((id) => ({ kind: 'checkpoint', id }) as const) },
  ] as const;
  await db.insert(jobs).values([...inputs]);
  const forgotten: string[] = [];
  async function left(): Promise<(number | null)[]> {
    const forget = async (digest: string): Promise<void> => void forgotten.push(digest);
    await pruneCheckpoints({ db, retention: new Retention({ db, storage: openStorage(dataDir), forget }) }, runId);
    const rows = await db.select().from(checkpoints).where(eq(checkpoints.runId, runId)).orderBy(checkpoints.step);
    return rows.map(({ step }) => step);
  }
  expect(await left()).toEqual([1, 2, 4, 5]);
  expect(forgotten).toEqual([digestOf('step 3')]);
  await db.update(jobs).set({ state: 'SUCCEEDED' });
  expect(await left()).toEqual([4, 5]);
});
