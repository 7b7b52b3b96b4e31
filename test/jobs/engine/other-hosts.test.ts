/** Hosts that share a database: what another one queues, tells and works on, seen from this one. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq, isNotNull } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  checkpoints,
  datasets,
  jobAttempts,
  jobEvents,
  jobs as jobRows,
  jobTickets,
  runDatasets,
  runs,
} from '../../../src/db/schema.ts';
import { payloadOf } from '../../../src/jobs/kinds/common/payload.ts';
import { collectionOf, digestOf, insertRun } from '../../db/rows.ts';
import { type Work, works } from '../probe.ts';
import { openRun, openWorkplace, readEvents, statesOf, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace({ shared: true });
});
afterAll(() => place.close());

const findJob = async (id: string) => (await place.database.db.select().from(jobRows).where(eq(jobRows.id, id)))[0]!;
const made = { resultId: '00000000-0000-4000-8000-00000000abcd', answer: {} };
const atOnce: Work = ({ succeed }) => succeed(async () => made);

/** As another host queues a run: nothing in this process is woken by it. */
async function queueRun(createdAt = new Date()): Promise<string> {
  return place.database.db.transaction(async (tx) => {
    const run = await insertRun(tx, { epochs: 1 });
    await tx.insert(jobTickets).values({ jobId: run.id, kind: 'train', priority: 0, createdAt });
    return run.id;
  });
}

/** Another host works on it. */
async function foreignRun(leaseUntil = new Date(Date.now() + 60_000)): Promise<string> {
  return place.database.db.transaction(async (tx) => {
    const run = await insertRun(tx);
    await tx.update(jobRows).set({ state: 'RUNNING', attempt: 1 }).where(eq(jobRows.id, run.id));
    await tx
      .insert(jobAttempts)
      .values({ jobId: run.id, number: 1, process: randomUUID(), host: 'another host', pid: 1, leaseUntil });
    return run.id;
  });
}

it('takes a run that another host has queued', async () => {
  expect(statesOf(await readEvents(place, await queueRun()))).toEqual(['RUNNING', 'SUCCEEDED']);
});

it('takes nothing in a process that is not there to end it: neither its own, nor what it finds', async () => {
  await place.restartJobs({ claims: false });
  const before = await queueRun();
  await place.restartJobs({ claims: false });
  const own = (await place.startRun({ epochs: 1 })).id;
  const job = (await place.startJob(atOnce, { key: 'not here' })).job.id;
  await sleep(3_000);
  for (const id of [before, own, job]) expect(await findJob(id)).toMatchObject({ state: 'QUEUED', attempt: 0 });
  await place.restartJobs();
  for (const id of [before, own]) {
    expect(statesOf(await readEvents(place, id)).slice(-2)).toEqual(['RUNNING', 'SUCCEEDED']);
  }
  expect(await place.jobs.outcome(job)).toMatchObject({ state: 'SUCCEEDED' });
});

it('leaves a run to the host that has its files, and takes those behind it', async () => {
  const { db } = place.database;
  const digest = digestOf('records of another host');
  const elsewhere = await db.transaction(async (tx) => {
    const run = await insertRun(tx, { epochs: 1 });
    const [named] = await tx.select().from(runDatasets).where(eq(runDatasets.runId, run.id));
    await tx.update(datasets).set({ digest }).where(eq(datasets.id, named!.datasetId));
    await tx.insert(jobTickets).values({ jobId: run.id, kind: 'train', priority: 0, createdAt: new Date(0) });
    return run.id;
  });
  const here = await queueRun();
  expect(statesOf(await readEvents(place, here)).at(-1)).toBe('SUCCEEDED');
  expect(await findJob(elsewhere)).toMatchObject({ state: 'QUEUED', attempt: 0, lacks: `datasets/${digest}` });
  await mkdir(place.storage.path('datasets', digest), { recursive: true });
  expect(statesOf(await readEvents(place, elsewhere)).at(-1)).toBe('SUCCEEDED');
  expect((await findJob(elsewhere)).lacks).toBeNull();
});

it('does what was asked of it itself, and leaves to others what was asked of them', async () => {
  const { db } = place.database;
  const { job, done } = await place.startJob(atOnce);
  expect(job.place).toBe(place.jobs.place);
  await done;
  const part = randomUUID();
  works.set(part, atOnce);
  const whole = await place.startJob((context) =>
    context.job.attempt > 1
      ? atOnce(context)
      : context.awaitParts((_tx, submit) => submit('probe', part, { work: part, uses: [] })),
  );
  await whole.done;
  expect(await findJob(part)).toMatchObject({ state: 'SUCCEEDED', place: place.jobs.place });
  const other = randomUUID();
  const row = { kind: 'probe' as never, input: { work: 'x', uses: [] }, place: other };
  const [theirs] = await db.insert(jobRows).values(row).returning();
  await db.insert(jobTickets).values({ jobId: theirs!.id, kind: 'probe', priority: 5, place: other });
  await sleep(2_500);
  expect(await findJob(theirs!.id)).toMatchObject({ state: 'QUEUED', attempt: 0 });
  await db.delete(jobTickets);
});

it('tells what a run on another host tells, and its silence', async () => {
  const { db } = place.database;
  const runId = await foreignRun();
  const told: string[] = [];
  const reading = (async () => {
    for await (const item of place.jobs.events(runId, { open: openRun, heartbeatMs: 2_500 })) told.push(item.type);
  })();
  while (told.length === 0) await sleep(50);
  expect(told).toEqual(['heartbeat']);
  const begin = performance.now();
  const data = { type: 'state', state: 'SUCCEEDED' } as const;
  await db.insert(jobEvents).values({ jobId: runId, seq: 1, attempt: 1, type: 'state', data });
  await db.update(jobRows).set({ state: 'SUCCEEDED', lastSeq: 1 }).where(eq(jobRows.id, runId));
  await reading;
  expect(told.at(-1)).toBe('state');
  expect(performance.now() - begin).toBeLessThan(5_000);
});

it('cancels what runs on another host, and answers when that has heard of it', async () => {
  const runId = await foreignRun();
  const cancelling = place.jobs.cancel(runId);
  while (!(await findJob(runId)).cancelRequested) await sleep(20);
  await sleep(300);
  await place.database.db.update(jobRows).set({ state: 'CANCELLED' }).where(eq(jobRows.id, runId));
  expect(await cancelling).toMatchObject({ state: 'CANCELLED' });
});

describe('work of a silent process', () => {
  it('is interrupted when its lease is over, and not before', async () => {
    const { db } = place.database;
    const [silent, alive] = [await foreignRun(new Date(0)), await foreignRun()];
    const cancelled = await foreignRun(new Date(0));
    await db.update(jobRows).set({ cancelRequested: true }).where(eq(jobRows.id, cancelled));
    await place.restartJobs();
    expect(await findJob(silent)).toMatchObject({ state: 'INTERRUPTED', deaths: 1 });
    expect(await findJob(cancelled)).toMatchObject({ state: 'CANCELLED', finishedAt: expect.any(Date) });
    expect(await findJob(alive)).toMatchObject({ state: 'RUNNING' });
    const [attempt] = await db.select().from(jobAttempts).where(eq(jobAttempts.jobId, silent));
    expect(attempt).toMatchObject({ outcome: 'INTERRUPTED', endedAt: expect.any(Date) });
    await db.delete(jobRows).where(eq(jobRows.id, alive));
  });

  it('with the host name and process id of this one is left alone', async () => {
    const { db } = place.database;
    const twin = await foreignRun();
    const { job, done } = await place.startJob(atOnce);
    await done;
    const [own] = await db.select().from(jobAttempts).where(eq(jobAttempts.jobId, job.id));
    await db.update(jobAttempts).set({ host: own!.host, pid: own!.pid }).where(eq(jobAttempts.jobId, twin));
    await place.restartJobs();
    expect(await findJob(twin)).toMatchObject({ state: 'RUNNING' });
    await db.delete(jobRows).where(eq(jobRows.id, twin));
  });
});

describe('the adapter of a resumed run', () => {
  /** INTERRUPTED after a checkpoint that another GPU made. */
  async function interruptedRun(): Promise<string> {
    await place.behave({ stepMs: 20 });
    const run = await place.startRun({ epochs: 10 });
    await readEvents(place, run.id, { until: ({ type }) => type === 'step' });
    await place.restartJobs();
    await place.behave({});
    const [{ adapter }] = await place.database.db.select().from(runs).where(eq(runs.id, run.id));
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
    await place.jobs.resumeRun(runId);
    expect(await findJob(runId)).toMatchObject({ state: 'QUEUED' });
    await place.jobs.cancel(runId);
  });

  it('is compared by the host that takes it, and the run can still go on', async () => {
    const runId = await interruptedRun();
    // As another host does that was asked to resume it.
    await place.database.db.update(jobRows).set({ state: 'QUEUED' }).where(eq(jobRows.id, runId));
    await place.database.db.insert(jobTickets).values({ jobId: runId, kind: 'train', priority: 0 });
    await vi.waitFor(async () => expect(await findJob(runId)).toMatchObject({ state: 'INTERRUPTED' }), 10_000);
    expect(await findJob(runId)).toMatchObject({ attempt: 2, error: { code: 'CONFLICT' } });
    await place.jobs.resumeRun(runId, { allowDifferentAdapter: true });
    expect(statesOf(await readEvents(place, runId)).at(-1)).toBe('SUCCEEDED');
  });
});

it('refuses a payload whose work lacks its files here: no host would have both', async () => {
  const { collection } = await collectionOf(place.database.db, 4);
  const { checkpointId } = collection;
  const digest = digestOf('a model of another host');
  await place.database.db.update(checkpoints).set({ digest }).where(eq(checkpoints.id, checkpointId));
  const payload = payloadOf([{ key: 'a', text: 'b' }]);
  const input = { collectionId: collection.id, documents: 1, content: payload.digest, replace: true };
  await expect(place.jobs.submit('embed-collection', { input, payload })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(digest),
  });
  expect(await place.storage.exists('payloads', payload.digest)).toBe(false);
});
