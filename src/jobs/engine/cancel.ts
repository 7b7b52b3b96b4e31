/** Cancels jobs in one transaction: those that wait end at once, the owners of running ones are asked to end them. */
import { eq } from 'drizzle-orm';
import { afterCommit, type Transaction } from '../../db/open.ts';
import { type JobRow, jobs } from '../../db/schema.ts';
import { conflict } from '../../errors.ts';
import { endingOfCancel } from './ending.ts';
import { type FollowersContext, followEnd } from './followers.ts';
import { openParts } from './parts.ts';
import { changeState, lockJob } from './store.ts';

/** A job with its open parts; returns their ids. CONFLICT if the job has ended otherwise. */
export async function cancelWithParts(tx: Transaction, context: FollowersContext, jobId: string): Promise<string[]> {
  // Parts are locked before the whole, as where they end; those that were made meanwhile are found behind its lock.
  await openParts(tx, jobId);
  const job = await lockJob(tx, jobId);
  const all = [job, ...(await openParts(tx, jobId))];
  for (const one of all) await cancelLocked(tx, context, one);
  return all.map(({ id }) => id);
}

async function cancelLocked(tx: Transaction, context: FollowersContext, job: JobRow): Promise<void> {
  const { notifier, dispatcher, kinds } = context;
  const entry = kinds[job.kind]?.entry;
  const waits = job.state === 'QUEUED' || (job.state === 'INTERRUPTED' && entry?.retry === null);
  if (waits) {
    await dispatcher.cancel(tx, job.id);
    const change = { ...endingOfCancel(job, entry), after: null, awaitsParts: false, finishedAt: new Date() };
    await followEnd(tx, context, await changeState(tx, job, 'CANCELLED', change));
  } else if (job.state === 'RUNNING') {
    await tx.update(jobs).set({ cancelRequested: true }).where(eq(jobs.id, job.id));
  } else if (job.state !== 'CANCELLED') {
    throw hasEnded(job);
  }
  afterCommit(() => notifier.wake(job.id));
}

const hasEnded = (job: JobRow) =>
  conflict(`The job has ended: ${job.state}`, {
    field: 'id',
    expected: 'a job that is QUEUED or RUNNING',
    remedy: 'There is nothing to cancel.',
  });
