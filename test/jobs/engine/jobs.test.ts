/** Durable work: progress, errors, keys, cancellation, deadlines, and what begins again after a stop or a death. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type JobRow, jobAttempts, jobEvents, jobs as jobRows, jobTickets } from '../../../src/db/schema.ts';
import { badInput } from '../../../src/errors.ts';
import { payloadOf, storePayload } from '../../../src/jobs/kinds/common/payload.ts';
import { deleteRows } from '../../../src/services/common/editing/remove.ts';
import { deletion } from '../../../src/services/jobs/jobs.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import type { Work } from '../probe.ts';
import { openWorkplace, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
beforeEach(() => place.behave({}));
afterAll(() => place.close());

const id = '11111111-1111-4111-8111-111111111111';
const made = { resultId: id, answer: { word: 'done' } };
const atOnce: Work = ({ succeed }) => succeed(async () => made);
const untilAborted: Work = ({ signal }) =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(new Error('aborted'));
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });

const find = async (jobId: string): Promise<JobRow> =>
  (await place.database.db.select().from(jobRows).where(eq(jobRows.id, jobId)))[0]!;
const statesOf = async (jobId: string): Promise<string[]> =>
  (await place.database.db.select().from(jobEvents).where(eq(jobEvents.jobId, jobId)).orderBy(jobEvents.seq)).flatMap(
    ({ data }) => (data.type === 'state' ? [data.state] : []),
  );
const untilState = (jobId: string, state: JobRow['state']) =>
  vi.waitFor(async () => expect(await find(jobId)).toMatchObject({ state }), { timeout: 15_000, interval: 10 });

describe('a job', () => {
  it('tells its progress and its result, and keeps both', async () => {
    const { job, done } = await place.startJob(async ({ progress, succeed }) => {
      for (let i = 1; i <= 4; i++) {
        progress({ stage: 'lines', done: i, total: 4 });
        await sleep(100);
      }
      return succeed(async () => made);
    });
    expect(await done).toBe(id);
    const told = [];
    for await (const item of place.jobs.events(job.id)) told.push(item);
    expect(told.map(({ seq }) => seq)).toEqual(told.map((_, i) => i + 1));
    expect(told.map(({ type }) => type).slice(0, 3)).toEqual(['state', 'state', 'progress']);
    expect(told.length).toBeGreaterThanOrEqual(4);
    expect(told.length).toBeLessThanOrEqual(6);
    expect(await find(job.id)).toMatchObject({
      ...{ state: 'SUCCEEDED', resultId: id, answer: made.answer, attempt: 1, lastSeq: told.length },
      progress: { stage: 'lines', done: 4, total: 4 },
    });
    expect(await place.database.db.$count(jobTickets)).toBe(0);
  });

  it('fails with the error of the work', async () => {
    const { job, done } = await place.startJob(async () => {
      throw badInput('strangers', { field: 'checkpoints', remedy: 'choose others' });
    });
    await expect(done).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: 'strangers' });
    const row = await find(job.id);
    expect(row).toMatchObject({ state: 'FAILED', error: { message: 'strangers', remedy: 'choose others' } });
    expect(row.error).not.toHaveProperty('stack');
  });

  it('whose input is not what its kind reads fails and says so', async () => {
    const submit = place.jobs.submit as (kind: string, request: object) => Promise<JobRow>;
    const { id: jobId } = await submit('fuse', {
      input: { method: 3, parameters: {}, checkpointIds: [], modelId: 'x' },
    });
    await expect(place.jobs.outcome(jobId)).rejects.toMatchObject({ code: 'CONFLICT', details: { field: 'method' } });
    expect(await find(jobId)).toMatchObject({ state: 'FAILED', attempt: 1 });
  });

  it('waits while the slots of its kind are taken; the oldest goes first', async () => {
    const order: number[] = [];
    const work =
      (n: number): Work =>
      async ({ succeed }) => {
        order.push(n);
        await sleep(50);
        return succeed(async () => made);
      };
    const started = [];
    for (let n = 0; n < 8; n++) started.push(await place.startJob(work(n)));
    expect((await find(started[7]!.job.id)).state).toBe('QUEUED');
    await Promise.all(started.map(({ done }) => done));
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('that takes longer than its kind may is ended', async () => {
    const { job, done } = await place.startJob(untilAborted, { kind: 'probe-hasty' });
    await expect(done).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', details: { reason: 'deadline' } });
    expect(await find(job.id)).toMatchObject({ state: 'FAILED' });
  });

  it('that has ended can be deleted, and a live one cannot', async () => {
    const { job } = await place.startJob(untilAborted);
    await expect(deleteRows(place as unknown as Tandem, deletion, [job.id])).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await place.jobs.cancel(job.id);
    await deleteRows(place as unknown as Tandem, deletion, [job.id]);
    expect(await find(job.id)).toBeUndefined();
    expect(await place.database.db.$count(jobEvents, eq(jobEvents.jobId, job.id))).toBe(0);
    await expect(place.jobs.outcome(job.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an idempotency key', () => {
  it('has the work done once, for callers before, while and after it runs', async () => {
    let calls = 0;
    const work: Work = async ({ succeed }) => {
      calls++;
      await sleep(50);
      return succeed(async () => made);
    };
    const started = await Promise.all([1, 2, 3].map(() => place.startJob(work, { key: 'key' })));
    expect(await Promise.all(started.map(({ done }) => done))).toEqual([id, id, id]);
    expect(new Set(started.map(({ job }) => job.id)).size).toBe(1);
    expect(await (await place.startJob(work, { key: 'key' })).done).toBe(id);
    expect(calls).toBe(1);
  });

  it('is refused for another request', async () => {
    await (await place.startJob(atOnce, { key: 'mine' })).done;
    const other = place.startJob(atOnce, { key: 'mine', uses: [{ kind: 'dataset', id }] });
    await expect(other).rejects.toMatchObject({ code: 'CONFLICT', details: { field: 'idempotencyKey' } });
    const ofOtherKind = place.startJob(atOnce, { key: 'mine', kind: 'probe-resume' });
    await expect(ofOtherKind).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('finds the request of an older version, whose input lacks what was added since', async () => {
    const { job, done } = await place.startJob(atOnce, { key: 'old' });
    await done;
    await place.database.db
      .update(jobRows)
      .set({ input: { work: 'old' } })
      .where(eq(jobRows.id, job.id));
    const again = await place.startJob(atOnce, { key: 'old' });
    expect([again.job.id, await again.done]).toEqual([job.id, id]);
  });
});

describe('cancel', () => {
  it('ends what runs, what waits, and not what has ended', async () => {
    const { job, done } = await place.startJob(untilAborted);
    await untilState(job.id, 'RUNNING');
    expect(await place.jobs.cancel(job.id)).toMatchObject({ state: 'CANCELLED' });
    await expect(done).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'cancelled' } });
    expect(await place.jobs.cancel(job.id)).toMatchObject({ state: 'CANCELLED' });

    const busy = await Promise.all([1, 2, 3].map(() => place.startJob(untilAborted)));
    const waiting = await place.startJob(atOnce);
    expect(await place.jobs.cancel(waiting.job.id)).toMatchObject({ state: 'CANCELLED', attempt: 0 });
    for (const other of busy) await place.jobs.cancel(other.job.id);
    expect(await statesOf(waiting.job.id)).toEqual(['QUEUED', 'CANCELLED']);

    const ended = await place.startJob(atOnce);
    await ended.done;
    await expect(place.jobs.cancel(ended.job.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(place.jobs.cancel(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lets a repeat under its key begin anew', async () => {
    const first = await place.startJob(untilAborted, { key: 'cancelled' });
    await place.jobs.cancel(first.job.id);
    const second = await place.startJob(atOnce, { key: 'cancelled' });
    expect([second.job.id, await second.done]).toEqual([first.job.id, id]);
    expect(await find(first.job.id)).toMatchObject({ state: 'SUCCEEDED', error: null });
  });
});

describe('a stop of the process', () => {
  it('queues work with a key again, which begins at the next start; other work is interrupted', async () => {
    const [keyed, plain] = [await place.startJob(untilAborted, { key: 'stopped' }), await place.startJob(untilAborted)];
    await untilState(plain.job.id, 'RUNNING');
    const told = [keyed, plain].map(({ done }) =>
      expect(done).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'stopping' } }),
    );
    await place.startJob(atOnce, { key: 'stopped' });
    await place.restartJobs();
    await Promise.all(told);
    expect(await find(plain.job.id)).toMatchObject({ state: 'INTERRUPTED', error: { reason: 'stopping' } });
    await untilState(keyed.job.id, 'SUCCEEDED');
    expect(await find(keyed.job.id)).toMatchObject({ attempt: 2, deaths: 0, answer: made.answer });
    expect(await statesOf(keyed.job.id)).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(await (await place.startJob(atOnce, { key: 'stopped' })).done).toBe(id);
  });

  it('interrupts what waits without a key, for its caller is gone', async () => {
    const busy = await Promise.all([1, 2, 3].map(() => place.startJob(untilAborted)));
    const [plain, keyed] = [await place.startJob(atOnce), await place.startJob(atOnce, { key: 'waits' })];
    await place.restartJobs();
    expect(await find(plain.job.id)).toMatchObject({ state: 'INTERRUPTED', attempt: 0 });
    await untilState(keyed.job.id, 'SUCCEEDED');
    for (const { job } of busy) expect((await find(job.id)).state).toBe('INTERRUPTED');
  });

  it('refuses what comes too late', async () => {
    let started = false;
    const work: Work = ({ succeed }) => {
      started = true;
      return succeed(async () => made);
    };
    const stopping = place.restartJobs();
    await expect(place.startJob(work)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await stopping;
    expect(started).toBe(false);
  });
});

describe('a death of the process', () => {
  /** Leaves the job as a killed process does, and starts as the next one: nothing of the work is recorded. */
  async function dieWhileItRuns(kind: 'probe' | 'probe-resume', options: { key?: string } = {}): Promise<JobRow> {
    const { job } = await place.startJob(untilAborted, { ...options, kind });
    await untilState(job.id, 'RUNNING');
    await restartAfterDeath(job.id);
    return job;
  }

  /** The end that a stop writes is undone: the attempt is open again, and of a process that is gone. */
  async function restartAfterDeath(jobId: string): Promise<void> {
    const { db } = place.database;
    const before = await find(jobId);
    await place.restartJobs({ claims: false });
    const { attempt, deaths, lastSeq } = before;
    await db.delete(jobEvents).where(and(eq(jobEvents.jobId, jobId), eq(jobEvents.seq, lastSeq + 1)));
    await db.delete(jobTickets).where(eq(jobTickets.jobId, jobId));
    const open = { state: 'RUNNING', attempt, deaths, lastSeq, error: null, finishedAt: null } as const;
    await db.update(jobRows).set(open).where(eq(jobRows.id, jobId));
    await db
      .update(jobAttempts)
      .set({ endedAt: null, outcome: null, process: randomUUID(), leaseUntil: new Date(0) })
      .where(and(eq(jobAttempts.jobId, jobId), eq(jobAttempts.number, attempt)));
    await place.restartJobs();
  }

  it('interrupts work without a key, so that a client that asks again gets no second result', async () => {
    const { id: jobId } = await dieWhileItRuns('probe');
    expect(await find(jobId)).toMatchObject({ state: 'INTERRUPTED', error: { code: 'UNAVAILABLE' }, deaths: 1 });
    expect(await place.database.db.$count(jobTickets, eq(jobTickets.jobId, jobId))).toBe(0);
  });

  it('interrupts what is resumed by people, without an error', async () => {
    const { id: jobId } = await dieWhileItRuns('probe-resume', { key: 'resumed' });
    expect(await find(jobId)).toMatchObject({ state: 'INTERRUPTED', error: null, finishedAt: null });
  });

  it('begins work with a key again after growing pauses, and ends it after the third', async () => {
    const { id: jobId } = await dieWhileItRuns('probe', { key: 'deadly' });
    const first = await find(jobId);
    expect(first).toMatchObject({ state: 'QUEUED', deaths: 1 });
    expect(first.notBefore!.getTime() - Date.now()).toBeLessThan(1_100);
    await untilState(jobId, 'RUNNING');
    await restartAfterDeath(jobId);
    const second = await find(jobId);
    expect(second.notBefore!.getTime() - Date.now()).toBeGreaterThan(5_000);
    // The pause of ten seconds is not waited for.
    const soon = { notBefore: new Date(0) };
    await place.database.db.update(jobTickets).set(soon).where(eq(jobTickets.jobId, jobId));
    await place.startJob(untilAborted, { key: 'deadly' });
    await place.restartJobs();
    await untilState(jobId, 'RUNNING');
    expect(await find(jobId)).toMatchObject({ attempt: 3, deaths: 2 });
    await restartAfterDeath(jobId);
    expect(await find(jobId)).toMatchObject({ state: 'FAILED', deaths: 3, error: { reason: 'attempts' } });
    const again = await place.startJob(atOnce, { key: 'deadly' });
    await expect(again.done).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'attempts' } });
  });

  it('tells a later attempt what the one before had noted', async () => {
    let earlier: readonly unknown[] = [];
    const noting: Work = async (context) => {
      earlier = context.earlier;
      if (earlier.length > 0) return atOnce(context);
      await context.note({ exported: 'a folder' });
      return untilAborted(context);
    };
    const { job } = await place.startJob(noting, { key: 'noted' });
    await vi.waitFor(async () => {
      const [attempt] = await place.database.db.select().from(jobAttempts).where(eq(jobAttempts.jobId, job.id));
      expect(attempt?.details).toEqual({ exported: 'a folder' });
    });
    await restartAfterDeath(job.id);
    await untilState(job.id, 'SUCCEEDED');
    expect(earlier).toEqual([{ exported: 'a folder' }]);
  });
});

it('a job that was claimed and not begun before a death begins at the next start', async () => {
  const { db } = place.database;
  await place.restartJobs({ claims: false });
  const { job } = await place.startJob(atOnce, { key: 'claimed' });
  const claim = { claim: randomUUID(), claimedUntil: new Date(Date.now() + 60_000) };
  await db.update(jobTickets).set(claim).where(eq(jobTickets.jobId, job.id));
  await place.restartJobs();
  await untilState(job.id, 'SUCCEEDED');
});

describe('a payload', () => {
  it('stays while its job is live, through a restart, and goes with its end', async () => {
    const payload = payloadOf({ many: 'documents' });
    const uses = [{ kind: 'payload', id: payload.digest }] as const;
    await storePayload(place.storage, payload);
    const { job } = await place.startJob(untilAborted, { key: 'payload', uses });
    await untilState(job.id, 'RUNNING');
    await place.startJob(atOnce, { key: 'payload', uses });
    expect(await place.storage.exists('payloads', payload.digest)).toBe(true);
    await place.restartJobs();
    await untilState(job.id, 'SUCCEEDED');
    await vi.waitFor(async () => expect(await place.storage.exists('payloads', payload.digest)).toBe(false));
  });

  it('goes when its job is cancelled before it begins', async () => {
    const payload = payloadOf({ never: 'read' });
    const uses = [{ kind: 'payload', id: payload.digest }] as const;
    const busy = await Promise.all([1, 2, 3].map(() => place.startJob(untilAborted)));
    await storePayload(place.storage, payload);
    const { job } = await place.startJob(atOnce, { uses });
    expect(await place.jobs.cancel(job.id)).toMatchObject({ state: 'CANCELLED', attempt: 0 });
    expect(await place.storage.exists('payloads', payload.digest)).toBe(false);
    for (const other of busy) await place.jobs.cancel(other.job.id);
  });

  it('of no job is removed at the next start', async () => {
    const payload = payloadOf(['unused']);
    await storePayload(place.storage, payload);
    await place.restartJobs();
    expect(await place.storage.exists('payloads', payload.digest)).toBe(false);
  });
});
