/**
 * Jobs that are parts of another one, as the runs of a search are. The whole awaits them without a slot: its attempt
 * ends in the transaction that queues them, and another one begins once every part has ended, whatever its end. A part
 * that is INTERRUPTED may go on, so it is awaited. Whoever cancels the whole cancels its open parts.
 */
import { and, asc, eq, notInArray } from 'drizzle-orm';
import { afterCommit, type Transaction } from '../../db/open.ts';
import { type JobRow, jobs, terminalStates } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import type { SubmitPart } from '../define.ts';
import type { JobKindEntry } from '../kinds/catalog.ts';
import { endAttempt } from './ending.ts';
import type { FollowersContext } from './followers.ts';
import { insertQueued } from './queue.ts';
import { type Attempt, ownJob } from './store.ts';

/** The parts of a job that have not ended, locked. */
export const openParts = (tx: Transaction, jobId: string): Promise<JobRow[]> =>
  tx
    .select()
    .from(jobs)
    .where(and(eq(jobs.partOf, jobId), notInArray(jobs.state, [...terminalStates])))
    .orderBy(asc(jobs.createdAt), asc(jobs.id))
    .for('update');

interface Suspended {
  readonly attempt: Attempt;
  readonly entry: JobKindEntry;
  /** Where parts are worked on whose kind belongs to the host that accepted them; null = on any host. */
  readonly place: string | null;
}

/** Ends the attempt with its parts queued, unless its job was cancelled meanwhile. */
export async function suspendAttempt(
  tx: Transaction,
  context: FollowersContext,
  { attempt, entry, place }: Suspended,
  write: (tx: Transaction, submit: SubmitPart) => Promise<void>,
): Promise<void> {
  const { id, cancelRequested } = await ownJob(tx, attempt);
  if (!cancelRequested) {
    await write(tx, async (kind, partId, input) => {
      const definition = context.kinds[kind];
      invariant(definition, `the kind ${kind} is not known`);
      await insertQueued(tx, context, definition, {
        ...{ id: partId, input, partOf: id },
        place: definition.entry.place === 'here' ? place : null,
      });
    });
    invariant((await openParts(tx, id)).length > 0, 'a job would wait for parts that it does not have');
    afterCommit(() => context.notifier.wake(id));
  }
  const ending = { state: 'QUEUED', reason: 'it waits for its parts', awaitsParts: true } as const;
  await endAttempt(tx, context, { attempt, entry }, ending);
}
