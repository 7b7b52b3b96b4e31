/**
 * Jobs that wait for another one, as the stages of training do: each begins once the one before it has SUCCEEDED, and
 * is CANCELLED where that ended otherwise. One that is INTERRUPTED may go on, so they wait.
 */
import { asc, eq } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import { afterCommit, type Transaction } from '../../db/open.ts';
import { type JobRow, jobs, terminalStates } from '../../db/schema.ts';
import { conflict, keptError } from '../../errors.ts';
import type { JobKinds } from '../define.ts';
import type { Dispatcher } from '../dispatch/types.ts';
import type { Notifier } from './notifier.ts';
import { changeState } from './store.ts';
import { ticketOf } from './ticket.ts';

export interface FollowersContext {
  readonly dispatcher: Dispatcher;
  readonly kinds: JobKinds;
  readonly notifier: Notifier;
}

/** Called in the transaction that changed the job's state, with its row as it is now. */
export async function followEnd(tx: Transaction, context: FollowersContext, job: JobRow): Promise<void> {
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
