/** What runs and jobs do when the database fails for a while, their thread dies, or their process falls silent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jobs as jobRows, models, runAttempts, runs } from '../../../src/db/schema.ts';
import { unavailable } from '../../../src/errors.ts';
import { interruptSilent } from '../../../src/jobs/engine/orphans.ts';
import type { JobContext } from '../../../src/jobs/jobs.ts';
import { insertModel, insertRun } from '../../db/rows.ts';
import { openWorkplace, readEvents, statesOf, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
beforeEach(() => place.behave({}));
afterAll(() => place.close());

const id = '00000000-0000-4000-8000-00000000abcd';
const findRun = async (runId: string) => (await place.database.db.select().from(runs).where(eq(runs.id, runId)))[0]!;
const findJob = async (jobId: string) =>
  (await place.database.db.select().from(jobRows).where(eq(jobRows.id, jobId)))[0]!;

/** Writes to the table fail with this SQLSTATE, as of a server that stops, until the answer is called. */
async function refuse(table: string, { when = 'true', code = '57P01' } = {}): Promise<() => Promise<unknown>> {
  const { db } = place.database;
  const statements = [
    `create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused' using errcode = '${code}'; end $$`,
    `create trigger refuse before insert or update on ${table} for each row when (${when}) execute function refuse()`,
  ];
  for (const statement of statements) await db.execute(sql.raw(statement));
  return () => db.execute(sql.raw('drop function refuse cascade'));
}

describe('while the database fails', () => {
  it('the end of a run is written as soon as it can be', async () => {
    await place.behave({ stepMs: 30 });
    const run = await place.startRun({ epochs: 1 });
    await readEvents(place, run.id, { until: (data) => data.type === 'step' && data.step === 2 });
    const giveBack = await refuse('run_attempts');
    await readEvents(place, run.id, { until: (data) => data.type === 'step' && data.step === 10 });
    await sleep(300);
    expect((await findRun(run.id)).state).toBe('RUNNING');
    await giveBack();
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });

  it('the end of a job is written as soon as it can be', async () => {
    let giveBack = async (): Promise<unknown> => undefined;
    const { job, done } = await place.jobs.startJob('fuse', { input: {} }, async ({ succeed }) => {
      giveBack = await refuse('jobs');
      return succeed(async () => id);
    });
    await sleep(300);
    await giveBack();
    expect(await done).toBe(id);
    expect(await findJob(job.id)).toMatchObject({ state: 'SUCCEEDED', resultId: id });
  });

  it('a run that could not be taken from the queue is taken later', async () => {
    const giveBack = await refuse('run_attempts');
    const run = await place.startRun({ epochs: 1 });
    await sleep(300);
    expect((await findRun(run.id)).state).toBe('QUEUED');
    await giveBack();
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });
});

describe('work of a silent process', () => {
  const foreign = { host: 'another host', pid: 1, heartbeatAt: new Date(0) };

  async function foreignRun(leaseUntil: Date): Promise<string> {
    const { db } = place.database;
    const run = await insertRun(db);
    await db.update(runs).set({ state: 'RUNNING', attempt: 1 }).where(eq(runs.id, run.id));
    await db.insert(runAttempts).values({ ...foreign, runId: run.id, number: 1, leaseUntil });
    return run.id;
  }

  it('is interrupted when its lease is over, unless this process does it', async () => {
    const { db } = place.database;
    const [silent, mine] = [await foreignRun(new Date(0)), await foreignRun(new Date(0))];
    const alive = await foreignRun(new Date(Date.now() + 60_000));
    const values = { kind: 'fuse', input: {}, ...foreign } as const;
    const [silentJob, myJob] = await db.insert(jobRows).values([values, values]).returning();
    const orphans = await interruptSilent(db, { runs: [mine], jobs: [myJob!.id] });
    expect(orphans).toEqual({ runs: [silent], jobs: [silentJob!.id] });
    expect(await findRun(silent)).toMatchObject({ state: 'INTERRUPTED' });
    for (const runId of [mine, alive]) expect((await findRun(runId)).state).toBe('RUNNING');
    expect(await findJob(silentJob!.id)).toMatchObject({ state: 'INTERRUPTED', error: { code: 'UNAVAILABLE' } });
    expect((await findJob(myJob!.id)).state).toBe('RUNNING');
    expect(await interruptSilent(db, { runs: [], jobs: [] })).toEqual({ runs: [mine], jobs: [myJob!.id] });
    await db.delete(runs).where(eq(runs.id, alive));
  });
});

it.each([
  ['device', { exitAt: 3 }],
  ['cpu', { cpuExits: true }],
] as const)('a dead %s thread leaves the queue as it is, for the next start', async (dead, behaviour) => {
  await place.behave(behaviour);
  const [first, second] = [await place.startRun({ epochs: 1 }), await place.startRun({ epochs: 1 })];
  const interrupted = (data: { type: string; state?: string }) => data.type === 'state' && data.state === 'INTERRUPTED';
  await readEvents(place, first.id, { until: interrupted });
  expect(place.jobs[dead].death).toMatchObject({ code: 'UNAVAILABLE' });
  expect(place.jobs[dead === 'cpu' ? 'device' : 'cpu'].death).toBeUndefined();
  await sleep(200);
  expect(await findRun(second.id)).toMatchObject({ state: 'QUEUED', attempt: 0 });
  await place.behave({});
  await place.restartJobs();
  expect(place.jobs[dead].death).toBeUndefined();
  expect(statesOf(await readEvents(place, second.id)).at(-1)).toBe('SUCCEEDED');
});

describe('work that does not listen', () => {
  it('is left behind as INTERRUPTED within the time that a stop has, and writes nothing any more', async () => {
    const { db } = place.database;
    const before = await db.$count(models);
    let letGo = (): void => {};
    const request = { input: {}, idempotencyKey: 'deaf' };
    const { job, done } = await place.jobs.startJob('create-model', request, async ({ succeed }) => {
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return succeed(async (tx) => (await insertModel(tx)).id);
    });
    const start = performance.now();
    await place.restartJobs({ graceMs: 2_000 });
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(await findJob(job.id)).toMatchObject({ state: 'INTERRUPTED', error: { code: 'UNAVAILABLE' } });
    letGo();
    await expect(done).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await db.$count(models)).toBe(before);
    expect(await findJob(job.id)).toMatchObject({ state: 'INTERRUPTED' });
    await (await place.jobs.startJob('create-model', request, ({ succeed }) => succeed(async () => id))).done;
  });

  it('of a run is left behind the same way', async () => {
    await place.behave({ stepMs: 30 });
    const run = await place.startRun({ epochs: 1 });
    await readEvents(place, run.id, { until: ({ type }) => type === 'step' });
    // What the attempt writes at its end waits for this lock; the write that leaves the attempt behind does not need
    // it.
    let giveBack = (): void => {};
    const held = place.jobs.retention.recording(
      () =>
        new Promise<void>((resolve) => {
          giveBack = resolve;
        }),
    );
    await place.restartJobs({ graceMs: 2_000 });
    expect(await findRun(run.id)).toMatchObject({ state: 'INTERRUPTED' });
    giveBack();
    await held;
    await sleep(200);
    expect(await findRun(run.id)).toMatchObject({ state: 'INTERRUPTED', attempt: 1 });
    await place.behave({});
    await place.jobs.resumeRun(run.id);
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });
});

describe('a job', () => {
  it('keeps nothing of what it made unless its own row says so, and its key makes it once', async () => {
    const { db } = place.database;
    const before = await db.$count(models);
    const request = { input: {}, idempotencyKey: 'one model' };
    let tries = 0;
    const work = ({ succeed }: JobContext) =>
      succeed(async (tx) => {
        tries++;
        return (await insertModel(tx)).id;
      });
    // The database as a process leaves it that dies before its job's row.
    const allow = await refuse('jobs', { when: "new.state = 'SUCCEEDED'" });
    const first = await place.jobs.startJob('create-model', request, work);
    while (tries < 2) await sleep(20);
    expect(await findJob(first.job.id)).toMatchObject({ state: 'RUNNING', resultId: null });
    await place.restartJobs();
    await expect(first.done).rejects.toThrow();
    expect(await findJob(first.job.id)).toMatchObject({ state: 'INTERRUPTED', resultId: null });
    expect(await db.$count(models)).toBe(before);
    await allow();
    const second = await place.jobs.startJob('create-model', request, work);
    const made = await second.done;
    expect(second.job.id).toBe(first.job.id);
    expect(await findJob(first.job.id)).toMatchObject({ state: 'SUCCEEDED', resultId: made, error: null });
    expect(await (await place.jobs.startJob('create-model', request, work)).done).toBe(made);
    expect(await db.$count(models)).toBe(before + 1);
  });

  it('that another process has begun anew writes nothing', async () => {
    const { db } = place.database;
    const before = await db.$count(models);
    const { job, done } = await place.jobs.startJob('create-model', { input: {} }, async ({ jobId, succeed }) => {
      await db.update(jobRows).set({ host: 'another host', pid: 1 }).where(eq(jobRows.id, jobId));
      return succeed(async (tx) => (await insertModel(tx)).id);
    });
    await expect(done).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(job.id) });
    expect(await db.$count(models)).toBe(before);
    expect(await findJob(job.id)).toMatchObject({ state: 'RUNNING', host: 'another host', error: null });
    await db.delete(jobRows).where(eq(jobRows.id, job.id));
  });

  it('holds no lock on its row while what it made is written', async () => {
    const lockOf = (jobId: string) => sql<string>`select xmax::text as lock from jobs where id = ${jobId}`;
    const { done } = await place.jobs.startJob('fuse', { input: {} }, ({ jobId, succeed }) =>
      succeed(async (tx) => {
        expect((await tx.execute(lockOf(jobId))).rows).toEqual([{ lock: '0' }]);
        return id;
      }),
    );
    expect(await done).toBe(id);
  });

  it('that is taken over while what it made is written keeps nothing of it', async () => {
    const { db } = place.database;
    const before = await db.$count(models);
    const { job, done } = await place.jobs.startJob('create-model', { input: {} }, ({ jobId, succeed }) =>
      succeed(async (tx) => {
        await tx.update(jobRows).set({ host: 'another host' }).where(eq(jobRows.id, jobId));
        return (await insertModel(tx)).id;
      }),
    );
    await expect(done).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(job.id) });
    expect(await db.$count(models)).toBe(before);
  });

  it('whose write breaks off for a defect fails at once', async () => {
    const { job, done } = await place.jobs.startJob('fuse', { input: {} }, ({ succeed }) =>
      succeed(async () => {
        throw new Error('a defect');
      }),
    );
    await expect(done).rejects.toThrow('a defect');
    expect(await findJob(job.id)).toMatchObject({ state: 'FAILED', error: { message: 'a defect' } });
  });

  it('whose write the database will never take fails at once', async () => {
    const { db } = place.database;
    const allow = await refuse('models', { code: '53100' });
    const work = ({ succeed }: JobContext) => succeed(async (tx) => (await insertModel(tx)).id);
    const { job, done } = await place.jobs.startJob('create-model', { input: {} }, work);
    await expect(done).rejects.toMatchObject({ cause: { code: '53100' } });
    await allow();
    expect(await findJob(job.id)).toMatchObject({ state: 'FAILED' });
    expect(await db.$count(jobRows, eq(jobRows.state, 'RUNNING'))).toBe(0);
  });

  it('does not start once the process stops', async () => {
    let started = false;
    const work = async ({ succeed }: JobContext) => {
      started = true;
      return succeed(async () => id);
    };
    const beginning = place.jobs.startJob('fuse', { input: {}, idempotencyKey: 'too late' }, work);
    const refused = expect(beginning).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await place.restartJobs();
    await refused;
    expect(started).toBe(false);
    const again = await place.jobs.startJob('fuse', { input: {}, idempotencyKey: 'too late' }, work);
    expect([await again.done, started]).toEqual([id, true]);
  });

  it('that was cancelled, or failed for want of something, is begun anew under its key', async () => {
    const full = { input: {}, idempotencyKey: 'full disk' };
    const failing = async (): Promise<never> => {
      throw unavailable('The disk is full', { remedy: 'Free some, then repeat the request.' });
    };
    const first = await place.jobs.startJob('fuse', full, failing);
    await expect(first.done).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const second = await place.jobs.startJob('fuse', full, ({ succeed }) => succeed(async () => id));
    expect([second.job.id, await second.done]).toEqual([first.job.id, id]);
    expect(await findJob(first.job.id)).toMatchObject({ state: 'SUCCEEDED', error: null });

    const cancelled = { input: {}, idempotencyKey: 'cancelled' };
    const waiting = ({ signal }: { signal: AbortSignal }) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const third = await place.jobs.startJob('fuse', cancelled, waiting);
    expect(await place.jobs.cancelJob(third.job.id)).toMatchObject({ state: 'CANCELLED' });
    expect(await (await place.jobs.startJob('fuse', cancelled, ({ succeed }) => succeed(async () => id))).done).toBe(
      id,
    );
  });

  it('that failed for what was asked fails again the same way, without work', async () => {
    const request = { input: {}, idempotencyKey: 'wrong' };
    const first = await place.jobs.startJob('fuse', request, async () => {
      throw new Error('strangers');
    });
    await expect(first.done).rejects.toThrow('strangers');
    const second = await place.jobs.startJob('fuse', request, ({ succeed }) => succeed(async () => id));
    await expect(second.done).rejects.toThrow('strangers');
  });
});
