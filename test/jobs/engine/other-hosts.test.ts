/** Hosts that share a database: what another one queues, tells and works on, seen from this one. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq, isNotNull } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkpoints,
  datasets,
  jobs as jobRows,
  runAttempts,
  runDatasets,
  runEvents,
  runs,
} from '../../../src/db/schema.ts';
import { interruptSilent } from '../../../src/jobs/engine/orphans.ts';
import { digestOf, insertRun } from '../../db/rows.ts';
import { openWorkplace, readEvents, statesOf, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace({ shared: true });
});
afterAll(() => place.close());

const another = { host: 'another host', pid: 1 };
const findRun = async (runId: string) => (await place.database.db.select().from(runs).where(eq(runs.id, runId)))[0]!;

/** Another host's: nothing in this process is woken by it. */
async function foreignRun(leaseUntil = new Date(Date.now() + 60_000)): Promise<string> {
  return place.database.db.transaction(async (tx) => {
    const run = await insertRun(tx);
    await tx.update(runs).set({ state: 'RUNNING', attempt: 1 }).where(eq(runs.id, run.id));
    await tx.insert(runAttempts).values({ ...another, runId: run.id, number: 1, leaseUntil });
    return run.id;
  });
}

it('takes a run that another host has queued', async () => {
  const run = await place.database.db.transaction((tx) => insertRun(tx, { epochs: 1 }));
  expect(statesOf(await readEvents(place, run.id))).toEqual(['RUNNING', 'SUCCEEDED']);
});

it('takes no run in a process that is not there to end it: neither one of its own, nor what it finds', async () => {
  const before = await place.database.db.transaction((tx) => insertRun(tx, { epochs: 1 }));
  await place.restartJobs({ takeRuns: false });
  const own = await place.startRun({ epochs: 1 });
  await sleep(3_000);
  for (const { id } of [before, own]) expect(await findRun(id)).toMatchObject({ state: 'QUEUED', attempt: 0 });
  await place.restartJobs();
  for (const { id } of [before, own]) {
    expect(statesOf(await readEvents(place, id)).slice(-2)).toEqual(['RUNNING', 'SUCCEEDED']);
  }
});

it('leaves a run to the host that has its files, and takes those behind it', async () => {
  const { db } = place.database;
  const digest = digestOf('records of another host');
  const [elsewhere, here] = await db.transaction(async (tx) => {
    const first = await insertRun(tx, { epochs: 1 });
    const [named] = await tx.select().from(runDatasets).where(eq(runDatasets.runId, first.id));
    await tx.update(datasets).set({ digest }).where(eq(datasets.id, named!.datasetId));
    await tx
      .update(runs)
      .set({ createdAt: new Date(0) })
      .where(eq(runs.id, first.id));
    return [first.id, (await insertRun(tx, { epochs: 1 })).id];
  });
  expect(statesOf(await readEvents(place, here)).at(-1)).toBe('SUCCEEDED');
  expect(await findRun(elsewhere)).toMatchObject({ state: 'QUEUED', attempt: 0 });
  await mkdir(place.storage.path('datasets', digest), { recursive: true });
  expect(statesOf(await readEvents(place, elsewhere)).at(-1)).toBe('SUCCEEDED');
});

it('tells what a run on another host tells, and its silence', async () => {
  const { db } = place.database;
  const runId = await foreignRun();
  const told: string[] = [];
  const reading = (async () => {
    for await (const item of place.jobs.runEvents(runId, { heartbeatMs: 2_500 })) told.push(item.type);
  })();
  while (told.length === 0) await sleep(50);
  expect(told).toEqual(['heartbeat']);
  const begin = performance.now();
  const data = { type: 'state', state: 'SUCCEEDED' } as const;
  await db.insert(runEvents).values({ runId, seq: 1, attempt: 1, type: 'state', data });
  await db.update(runs).set({ state: 'SUCCEEDED', lastSeq: 1 }).where(eq(runs.id, runId));
  await reading;
  expect(told.at(-1)).toBe('state');
  expect(performance.now() - begin).toBeLessThan(5_000);
});

it('cancels a run on another host, and answers when that has heard of it', async () => {
  const runId = await foreignRun();
  const cancelling = place.jobs.cancelRun(runId);
  while (!(await findRun(runId)).cancelRequested) await sleep(20);
  await sleep(300);
  await place.database.db.update(runs).set({ state: 'CANCELLED' }).where(eq(runs.id, runId));
  expect(await cancelling).toMatchObject({ state: 'CANCELLED' });
});

it('ends a run that was to be cancelled when its host has died', async () => {
  const { db } = place.database;
  const runId = await foreignRun(new Date(0));
  await db.update(runs).set({ cancelRequested: true }).where(eq(runs.id, runId));
  expect((await interruptSilent(db, { runs: [], jobs: [] })).runs).toEqual([runId]);
  expect(await findRun(runId)).toMatchObject({ state: 'CANCELLED', finishedAt: expect.any(Date) });
});

describe('the adapter of a resumed run', () => {
  /** INTERRUPTED after a checkpoint that another GPU made. */
  async function interruptedRun(): Promise<string> {
    await place.behave({ stepMs: 20 });
    const run = await place.startRun({ epochs: 10 });
    await readEvents(place, run.id, { until: ({ type }) => type === 'step' });
    await place.restartJobs();
    await place.behave({});
    const { adapter } = await findRun(run.id);
    const other = { ...adapter!, name: 'another GPU' };
    await place.database.db.update(runs).set({ adapter: other }).where(eq(runs.id, run.id));
    return run.id;
  }

  it('is not compared with that of a host that will not take it', async () => {
    const { db } = place.database;
    const runId = await interruptedRun();
    await expect(place.jobs.resumeRun(runId)).rejects.toMatchObject({ code: 'CONFLICT' });
    await db
      .update(checkpoints)
      .set({ stateDigest: digestOf('state of another host') })
      .where(and(eq(checkpoints.runId, runId), isNotNull(checkpoints.stateDigest)));
    expect(await place.jobs.resumeRun(runId)).toMatchObject({ state: 'QUEUED' });
    await place.jobs.cancelRun(runId);
  });

  it('is compared by the host that takes it, and the run can still go on', async () => {
    const runId = await interruptedRun();
    // As another host does that was asked to resume it.
    await place.database.db.update(runs).set({ state: 'QUEUED' }).where(eq(runs.id, runId));
    while ((await findRun(runId)).state !== 'INTERRUPTED') await sleep(50);
    expect(await findRun(runId)).toMatchObject({ attempt: 2, error: { code: 'CONFLICT' } });
    await place.jobs.resumeRun(runId, { allowDifferentAdapter: true });
    expect(statesOf(await readEvents(place, runId)).at(-1)).toBe('SUCCEEDED');
  });
});

it('says where a job runs that it cannot cancel', async () => {
  const { db } = place.database;
  const [job] = await db
    .insert(jobRows)
    .values({ kind: 'fuse', input: {}, ...another })
    .returning();
  await expect(place.jobs.cancelJob(job!.id)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('another host'),
  });
  await db.delete(jobRows).where(eq(jobRows.id, job!.id));
});
