/** Puts jobs into the queue, in the transaction of the caller. */
import { afterCommit, type Transaction } from '../../db/open.ts';
import { type JobRow, jobs } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import type { Notifier } from '../../live/notifier.ts';
import type { AnyJob } from '../define.ts';
import type { Dispatcher } from '../dispatch/types.ts';
import type { JobKindEntry } from '../kinds/catalog.ts';
import { changeState } from './store.ts';
import { ticketOf } from './ticket.ts';
import { rememberTrace } from './traces.ts';

interface QueueContext {
  readonly dispatcher: Dispatcher;
  readonly notifier: Notifier;
}

/** A new job whose row the caller makes what it is, as a run is. It has a ticket unless it waits for another one. */
export async function insertQueued(
  tx: Transaction,
  context: QueueContext,
  definition: AnyJob,
  {
    input,
    ...values
  }: Pick<JobRow, 'id' | 'input'> & Partial<Pick<JobRow, 'after' | 'partOf' | 'place' | 'idempotencyKey'>>,
): Promise<JobRow> {
  const { name } = definition.entry;
  const [job] = await tx
    .insert(jobs)
    .values({ ...values, kind: name, input, uses: definition.uses(input) })
    .returning();
  invariant(job, 'an insert returned nothing');
  return queueJob(tx, context, job, definition.entry);
}

/** Queues a job whose row is locked. */
export async function queueJob(
  tx: Transaction,
  { dispatcher, notifier }: QueueContext,
  job: JobRow,
  entry: JobKindEntry,
  changes: Partial<JobRow> = {},
): Promise<JobRow> {
  const queued = await changeState(tx, job, 'QUEUED', { ...changes, notBefore: null, cancelRequested: false });
  if (queued.after === null) await dispatcher.enqueue(tx, ticketOf(queued, entry));
  afterCommit(() => notifier.wake(job.id));
  rememberTrace(job.id);
  return queued;
}
