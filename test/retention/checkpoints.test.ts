/** The retention of a run's checkpoints keeps those that a running job uses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpoints, jobs, runStarts } from '../../src/db/schema.ts';
import { pruneCheckpoints } from '../../src/jobs/training/checkpoints.ts';
import { Retention } from '../../src/retention/retention.ts';
import { requireOptimizerState } from '../../src/services/runs/origin.ts';
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

function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

it('keeps the state of a checkpoint from which a run is just being made', async () => {
  const { db, dataDir } = database;
  const { id: runId, modelId } = await insertRun(db);
  const rows = [1, 2, 3].map((step) => ({
    ...({ reason: 'epoch', modelId, runId, bytes: 1, epoch: step, attempt: 1, step } as const),
    ...{ digest: digestOf(`epoch ${step}`), stateDigest: digestOf(`state ${step}`) },
  }));
  const [start, second] = await db.insert(checkpoints).values(rows).returning();
  const retention = new Retention({ db, storage: openStorage(dataDir), forget: async () => {} });
  const stateOf = async (id: string) =>
    (await db.select({ state: checkpoints.stateDigest }).from(checkpoints).where(eq(checkpoints.id, id)))[0]?.state;
  const [locked, pruning] = [gate(), gate()];
  const making = db.transaction(async (tx) => {
    const run = await insertRun(tx, { optimizerState: 'kept' }, undefined, modelId);
    await requireOptimizerState(tx, { settings: run.settings, start: start! });
    locked.open();
    await pruning.opened;
    await tx.insert(runStarts).values({ runId: run.id, checkpointId: start!.id });
  });
  await Promise.race([locked.opened, making]);
  const pruned = pruneCheckpoints({ db, retention }, runId);
  await sleep(200);
  pruning.open();
  await making;
  await pruned;
  expect(await stateOf(start!.id)).toBe(start!.stateDigest);
  await db.update(jobs).set({ state: 'CANCELLED' });
  await pruneCheckpoints({ db, retention }, runId);
  expect(await stateOf(start!.id)).toBeNull();
  expect(await stateOf(second!.id)).toBe(second!.stateDigest);
});
