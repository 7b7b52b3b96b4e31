/**
 * What follows the end of a job. Those that wait for it, as the stages of training do, begin once it has SUCCEEDED and
 * are CANCELLED where it ended otherwise; the job that it is a part of (parts.ts) goes on once its last part has ended.
 * A job that is INTERRUPTED may go on, so they wait; the whole says so once none of its parts goes on by itself.
 */
import { and, asc, eq, notInArray } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import { afterCommit, type Transaction } from '../../db/open.ts';
import { type JobRow, jobs, terminalStates } from '../../db/schema.ts';
import { conflict, keptError } from '../../errors.ts';
import type { Notifier } from '../../live/notifier.ts';
import type { JobKinds } from '../define.ts';
import type { Dispatcher } from '../dispatch/types.ts';
import { changeState } from './store.ts';
import { ticketOf } from './ticket.ts';

export interface FollowersContext {
  readonly dispatcher: Dispatcher;
  readonly kinds: JobKinds;
  readonly notifier: Notifier;
}

/** Called in the transaction that changed the job's state, with its row as it is now. */
export async function followEnd(tx: Transaction, context: FollowersContext, job: JobRow): Promise<void> {
  if (job.partOf !== null && job.state !== 'QUEUED') await partStopped(tx, context, job.partOf);
  if (!terminalStates.some((terminal) => terminal === job.state)) return;
  const { dispatcher, kinds, notifier } = context;
  const waiting = await tx
    .select()
    .from(jobs)
    .where(eq(jobs.after, job.id))
    .orderBy(asc(jobs.createdAt), asc(jobs.id))
    .for('update');
  for (const next of waiting) {
    if (job.state === 'SUCCEEDED') {
      await tx.update(jobs).set({ after: null }).where(eq(jobs.id, next.id));
      await dispatcher.enqueue(tx, ticketOf(next, kinds[next.kind]?.entry));
    } else {
      const cancelled = await changeState(tx, next, 'CANCELLED', { ...endingAfter(job), finishedAt: new Date() });
      await followEnd(tx, context, cancelled);
    }
    afterCommit(() => notifier.wake(next.id));
  }
}

/**
 * Called where a part has ended or was interrupted. Of two that stop at once the second finds the first stopped,
 * because it waits for the row of the whole.
 */
async function partStopped(
  tx: Transaction,
  { dispatcher, kinds, notifier }: FollowersContext,
  id: string,
): Promise<void> {
  const [whole] = await tx.select().from(jobs).where(eq(jobs.id, id)).for('update');
  if (whole?.state !== 'QUEUED' || !whole.awaitsParts) return;
  const isOpen = and(eq(jobs.partOf, id), notInArray(jobs.state, [...terminalStates]));
  const open = await tx.selectDistinct({ state: jobs.state }).from(jobs).where(isOpen);
  if (open.some(({ state }) => state !== 'INTERRUPTED')) return;
  if (open.length > 0) {
    await changeState(tx, whole, 'QUEUED', { reason: 'all its parts that have not ended are interrupted' });
  } else {
    await tx.update(jobs).set({ awaitsParts: false }).where(eq(jobs.id, id));
    await dispatcher.enqueue(tx, ticketOf(whole, kinds[whole.kind]?.entry));
  }
  afterCommit(() => notifier.wake(id));
}

function endingAfter({ id, state, error }: JobRow) {
  const why = error ? `: ${error.message}` : '';
  const cause = conflict(`Job ${globalId('Job', id)}, which had to succeed before, is ${state}${why}`, {
    reason: 'earlier-job',
    field: globalId('Job', id),
    expected: 'a job that SUCCEEDED',
    remedy: 'See why it ended; then request the work again from there.',
  });
  return { after: null, reason: cause.message, error: keptError(cause) };
}
