/**
 * Every write to a job, fenced by the number of the attempt that makes it: once another attempt owns the job, or it has
 * ended, the earlier one's writes fail with {@link LostJob}. Short transactions that wait for nothing.
 */

import { and, asc, eq, isNull, or, sql } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Db, Executor, Transaction } from '../../db/open.ts';
import type { AttemptDetails, JobEventData } from '../../db/schema/types.ts';
import { type JobRow, type JobState, jobAttempts, jobEvents, jobs, liveStates } from '../../db/schema.ts';
import { invariant, notFound } from '../../errors.ts';
import type { Made } from '../define.ts';
import { progressOf } from '../progress.ts';
import { type Host, leaseEnd } from './host.ts';

/** Names an attempt; what a fenced write must show. */
export interface Attempt {
  readonly jobId: string;
  readonly number: number;
}

/** The attempt does not own the job any more. This is no failure and is not reported: another attempt goes on. */
export class LostJob extends Error {
  override readonly name = 'LostJob';
  constructor({ jobId, number }: Attempt) {
    super(`Attempt ${number} of job ${jobId} was superseded`);
  }
}

export async function findJob(executor: Executor, jobId: string): Promise<JobRow> {
  const [job] = await executor.select().from(jobs).where(eq(jobs.id, jobId));
  if (!job) throw noJob(jobId);
  return job;
}

const noJob = (jobId: string) =>
  notFound(`There is no job ${globalId('Job', jobId)}`, { field: 'id', remedy: 'List the jobs for their ids.' });

/** The job's row, locked until the transaction ends. */
export async function lockJob(tx: Transaction, jobId: string): Promise<JobRow> {
  const [job] = await tx.select().from(jobs).where(eq(jobs.id, jobId)).for('update');
  if (!job) throw noJob(jobId);
  return job;
}

/** Locks the job for a write of this attempt. */
export async function ownJob(tx: Transaction, attempt: Attempt): Promise<JobRow> {
  const job = await lockJob(tx, attempt.jobId);
  if (job.attempt !== attempt.number || job.state !== 'RUNNING') throw new LostJob(attempt);
  return job;
}

export interface Change extends Partial<JobRow> {
  /** Why, for people; stands in the event. */
  readonly reason?: string | undefined;
}

/** Changes the state of a job whose row is locked, and tells so in the same transaction. */
export async function changeState(
  tx: Transaction,
  job: JobRow,
  state: JobState,
  { reason, error, ...changes }: Change = {},
): Promise<JobRow> {
  const seq = job.lastSeq + 1;
  const data: JobEventData = { type: 'state', state, ...(reason && { reason }), ...(error && { error }) };
  // Progress is that of one attempt: another one begins anew.
  const begins = liveStates.some((live) => live === state);
  const [changed] = await tx
    .update(jobs)
    .set({ ...changes, ...(begins && { progress: null }), state, error: error ?? null, lastSeq: seq })
    .where(eq(jobs.id, job.id))
    .returning();
  invariant(changed, 'an update returned nothing');
  await tx.insert(jobEvents).values({ jobId: job.id, seq, attempt: changed.attempt, type: 'state', data });
  return changed;
}

/** Adds events in order behind the job's last, and keeps how far it is. */
export async function appendEvents(tx: Transaction, job: JobRow, events: readonly JobEventData[]): Promise<void> {
  if (events.length === 0) return;
  const progress = events.map(progressOf).findLast((found) => found !== undefined);
  await tx
    .update(jobs)
    .set({ lastSeq: job.lastSeq + events.length, ...(progress && { progress }) })
    .where(eq(jobs.id, job.id));
  const rows = events.map((data, i) => {
    const { attempt } = job;
    return { jobId: job.id, seq: job.lastSeq + 1 + i, attempt, type: data.type, data };
  });
  await tx.insert(jobEvents).values(rows);
}

export interface Begun {
  readonly job: JobRow;
  readonly attempt: Attempt;
  /** What earlier attempts noted, oldest first. */
  readonly earlier: readonly AttemptDetails[];
}

/** Takes a QUEUED job for this process as a new attempt; undefined = it is not QUEUED any more, or is gone. */
export async function beginAttempt(db: Db, host: Host, jobId: string): Promise<Begun | undefined> {
  return db.transaction(async (tx) => {
    const [job] = await tx
      .select()
      .from(jobs)
      .where(and(eq(jobs.id, jobId), eq(jobs.state, 'QUEUED')))
      .for('update');
    if (!job) return undefined;
    const number = job.attempt + 1;
    const before = await tx
      .select({ details: jobAttempts.details })
      .from(jobAttempts)
      .where(eq(jobAttempts.jobId, jobId))
      .orderBy(asc(jobAttempts.number));
    const startedAt = job.startedAt ?? new Date();
    const begun = { attempt: number, startedAt, notBefore: null, lacks: null, cancelRequested: false };
    const running = await changeState(tx, job, 'RUNNING', begun);
    const { process, name, pid } = host;
    await tx.insert(jobAttempts).values({ jobId, number, process, host: name, pid, leaseUntil: leaseEnd });
    return { job: running, attempt: { jobId, number }, earlier: before.map(({ details }) => details) };
  });
}

/** Keeps something with the attempt. */
export async function noteDetails(db: Executor, attempt: Attempt, details: AttemptDetails): Promise<void> {
  await db
    .update(jobAttempts)
    .set({ details: sql`${jobAttempts.details} || ${JSON.stringify(details)}::jsonb` })
    .where(isAttempt(attempt));
}

export const isAttempt = ({ jobId, number }: Attempt) =>
  and(eq(jobAttempts.jobId, jobId), eq(jobAttempts.number, number));

/**
 * Writes what the work made and ends its job in one transaction: after a crash in between nothing was made, and another
 * attempt makes it once. If the response to a commit was lost, a second call finds that commit and returns its result.
 * The job's row is locked only at the end, because `write` may take long. `onEnd` is told of it in the transaction.
 */
export function finishJob(
  db: Db,
  attempt: Attempt,
  write: (tx: Transaction) => Promise<Made<unknown>>,
  onEnd: (tx: Transaction, job: JobRow) => Promise<void>,
): Promise<string> {
  return db.transaction(async (tx) => {
    const job = await findJob(tx, attempt.jobId);
    const own = job.attempt === attempt.number;
    if (own && job.state === 'SUCCEEDED' && job.resultId !== null) return job.resultId;
    if (!own || job.state !== 'RUNNING') throw new LostJob(attempt);
    const { resultId, answer, reason } = await write(tx);
    const finishedAt = new Date();
    const ended = await changeState(tx, await ownJob(tx, attempt), 'SUCCEEDED', {
      ...{ resultId, finishedAt, reason },
      answer: answer as JobRow['answer'],
    });
    await closeAttempt(tx, attempt, 'SUCCEEDED');
    await onEnd(tx, ended);
    return resultId;
  });
}

/** Marks the attempt as ended, with the state that its job has by it. */
export async function closeAttempt(
  tx: Transaction,
  attempt: Attempt,
  outcome: Exclude<JobState, 'RUNNING'>,
): Promise<void> {
  await tx.update(jobAttempts).set({ endedAt: new Date(), outcome }).where(isAttempt(attempt));
}

export interface Lease {
  readonly jobId: string;
  readonly number: number;
  readonly cancelRequested: boolean;
}

/** Renews the leases of attempts; those that lost their job are not among the answers. */
export async function renewLeases(db: Db, attempts: readonly Attempt[]): Promise<readonly Lease[]> {
  return db
    .update(jobAttempts)
    .set({ heartbeatAt: sql`now()`, leaseUntil: leaseEnd })
    .from(jobs)
    .where(
      and(
        or(...attempts.map(isAttempt)),
        isNull(jobAttempts.endedAt),
        eq(jobs.id, jobAttempts.jobId),
        eq(jobs.attempt, jobAttempts.number),
        eq(jobs.state, 'RUNNING'),
      ),
    )
    .returning({ jobId: jobAttempts.jobId, number: jobAttempts.number, cancelRequested: jobs.cancelRequested });
}
