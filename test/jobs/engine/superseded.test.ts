/** Attempts that another host took for dead while they went on here, and cancellations that meet another end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { jobAttempts, jobs as jobRows, jobTickets } from '../../../src/db/schema.ts';
import type { Work } from '../probe.ts';
import { openWorkplace, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace({ shared: true });
});
afterAll(() => place.close());

const made = { resultId: '00000000-0000-4000-8000-00000000abcd', answer: {} };
const findJob = async (id: string) => (await place.database.db.select().from(jobRows).where(eq(jobRows.id, id)))[0]!;
const isRunning = (id: string) =>
  vi.waitFor(async () => expect(await findJob(id)).toMatchObject({ state: 'RUNNING' }), 5_000);

/** As another host does whose database says that the lease of the first attempt is over. */
async function takeForDead(jobId: string): Promise<void> {
  await place.database.db.transaction(async (tx) => {
    const [job] = await tx.update(jobRows).set({ state: 'QUEUED', deaths: 1 }).where(eq(jobRows.id, jobId)).returning();
    await tx
      .update(jobAttempts)
      .set({ endedAt: new Date(), outcome: 'QUEUED' })
      .where(and(eq(jobAttempts.jobId, jobId), eq(jobAttempts.number, 1)));
    const waits = { kind: job!.kind, priority: 5, place: job!.place, claim: null, claimedUntil: null };
    await tx
      .insert(jobTickets)
      .values({ jobId, ...waits })
      .onConflictDoUpdate({ target: jobTickets.jobId, set: waits });
  });
}

it('begins a job again here only once the attempt that lost it has ended', async () => {
  const began: number[] = [];
  const letGo: (() => void)[] = [];
  const work: Work = async ({ job, succeed }) => {
    began.push(job.attempt);
    await new Promise<void>((resolve) => letGo.push(resolve));
    return succeed(async () => made);
  };
  const { job, done } = await place.startJob(work, { key: 'taken for dead' });
  await vi.waitFor(() => expect(began).toEqual([1]), 5_000);
  await takeForDead(job.id);
  // Longer than the time between two looks at what other hosts queue.
  await sleep(3_000);
  expect(began).toEqual([1]);
  letGo[0]?.();
  await vi.waitFor(() => expect(began).toEqual([1, 2]), 5_000);
  // The end of the first took nothing from the second: its lease is renewed.
  const leaseOf = async () =>
    (await place.database.db.select().from(jobAttempts).where(eq(jobAttempts.jobId, job.id))).find(
      ({ number }) => number === 2,
    )!.leaseUntil;
  const first = await leaseOf();
  await vi.waitFor(async () => expect((await leaseOf()).getTime()).toBeGreaterThan(first.getTime()), 10_000);
  letGo[1]?.();
  expect(await done).toBe(made.resultId);
}, 40_000);

it('ends a job that was cancelled elsewhere as its process stops, instead of queuing it again', async () => {
  const work: Work = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { job } = await place.startJob(work, { key: 'cancelled elsewhere' });
  await isRunning(job.id);
  // As another host does; this one has not had a heartbeat since.
  await place.database.db.update(jobRows).set({ cancelRequested: true }).where(eq(jobRows.id, job.id));
  await place.restartJobs();
  expect(await findJob(job.id)).toMatchObject({ state: 'CANCELLED', error: { reason: 'cancelled' } });
});

it('begins a job again after its pause, although the clock of its host is an hour ahead', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  try {
    let tries = 0;
    const work: Work = async ({ succeed }) => {
      if (tries++ === 0) throw Object.assign(new Error('the server stops'), { code: '57P01' });
      return succeed(async () => made);
    };
    const { done } = await place.startJob(work, { key: 'clock' });
    expect(await done).toBe(made.resultId);
  } finally {
    vi.useRealTimers();
  }
}, 20_000);
