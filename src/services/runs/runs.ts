/** Runs: list, read their parts, follow their events, delete. */

import { and, asc, count, eq, gt, inArray } from 'drizzle-orm';
import {
  checkpoints,
  type DevEvaluationRow,
  devEvaluations,
  evaluations,
  type JobEventRow,
  jobEvents,
  jobs as jobRows,
  type RunDatasetRow,
  type RunDevSetRow,
  type RunRow,
  runDatasets,
  runDevSets,
  runStarts,
  runTeachers,
} from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import type { JobStreamItem } from '../../jobs/jobs.ts';
import { usesOfCheckpoints, usesOfRun } from '../../retention/uses.ts';
import { type Deletion, inUse, type Refusal } from '../common/editing/remove.ts';
import type { Page, Window } from '../common/page.ts';
import { requireRow } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
import { deleteJobs } from '../jobs/delete.ts';
import type { Tandem } from '../tandem.ts';
import { isTerminal } from './run-state.ts';

export type { JobStreamItem } from '../../jobs/jobs.ts';
export { isTerminal } from './run-state.ts';

export const datasetsOf = ({ database: { db } }: Tandem, runId: string): Promise<RunDatasetRow[]> =>
  db.select().from(runDatasets).where(eq(runDatasets.runId, runId)).orderBy(asc(runDatasets.position));

export const devSetsOf = ({ database: { db } }: Tandem, runId: string): Promise<RunDevSetRow[]> =>
  db.select().from(runDevSets).where(eq(runDevSets.runId, runId)).orderBy(asc(runDevSets.position));

/** Evaluations on the run's dev sets, by step. */
export async function devEvaluationsOf(
  { database: { db } }: Tandem,
  runId: string,
  { offset, limit }: Window,
): Promise<Page<DevEvaluationRow>> {
  const ofRun = eq(devEvaluations.runId, runId);
  const [total] = await db.select({ count: count() }).from(devEvaluations).where(ofRun);
  const totalCount = total?.count ?? 0;
  if (limit === 0 || offset >= totalCount) return { items: [], totalCount };
  const rows = db.select().from(devEvaluations).where(ofRun).orderBy(asc(devEvaluations.step));
  return { items: await rows.limit(limit).offset(offset), totalCount };
}

/** Key of the best checkpoint on the dev sets; null = none, or it was deleted. */
export async function bestCheckpointOf({ database: { db } }: Tandem, { id, bestStep }: RunRow): Promise<string | null> {
  if (bestStep === null) return null;
  const [row] = await db
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(and(eq(checkpoints.runId, id), eq(checkpoints.step, bestStep)));
  return row?.id ?? null;
}

/** Kept events behind `after`, at most `first` and at most one page. */
export function eventsOf(
  { database: { db }, config }: Tandem,
  runId: string,
  { after, first }: { readonly after: number; readonly first: number },
): Promise<JobEventRow[]> {
  return db
    .select()
    .from(jobEvents)
    .where(and(eq(jobEvents.jobId, runId), gt(jobEvents.seq, after)))
    .orderBy(asc(jobEvents.seq))
    .limit(Math.min(first, config.limits.pageSize));
}

/** Key of the checkpoint an event tells of; null = deleted since. */
export async function checkpointOfEvent({ database: { db } }: Tandem, id: string): Promise<string | null> {
  const [row] = await db.select({ id: checkpoints.id }).from(checkpoints).where(eq(checkpoints.id, id));
  return row?.id ?? null;
}

/** Replays and follows a run; ends behind the terminal event. */
export async function follow(
  tandem: Tandem,
  runId: string,
  after: number,
  signal: AbortSignal,
): Promise<AsyncIterable<JobStreamItem>> {
  const run = await requireRow(tandem.database.db, 'runs', runId, 'runId');
  if (after < 0 || after > run.lastSeq) {
    throw badInput(`after is ${after}, the run's last event is ${run.lastSeq}`, {
      field: 'after',
      expected: `a whole number from 0 to ${run.lastSeq}`,
      remedy: 'Give the seq of the last event you saw, or 0.',
    });
  }
  return tandem.jobs.events(runId, { after, signal, open: ['QUEUED', 'RUNNING', 'INTERRUPTED'] });
}

/** An ended run goes with its events, checkpoints and their evaluations. */
export const deletion: Deletion<'runs'> = {
  noun: 'runs',
  // A resume that commits first is seen, a later one finds no run.
  locked: jobRows,
  async refusal(tx, run, going) {
    const checkpointsOf = (ids: readonly string[]) =>
      tx
        .select({ id: checkpoints.id })
        .from(checkpoints)
        .where(inArray(checkpoints.runId, [...ids]));
    const runIds = going.map(({ id }) => id);
    const goingToo = { runs: runIds, checkpoints: (await checkpointsOf(runIds)).map(({ id }) => id) };
    const own = (await checkpointsOf([run.id])).map(({ id }) => id);
    const users = [...(await usesOfRun(tx, run.id, goingToo)), ...(await usesOfCheckpoints(tx, own, goingToo))];
    return liveness(run) ?? inUse(`run "${run.name}"`, [...new Set(users)]);
  },
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    const own = await tx.select().from(checkpoints).where(inArray(checkpoints.runId, ids));
    const ownIds = own.map(({ id }) => id);
    const units = await deleteEvaluations(tx, inArray(evaluations.checkpointId, ownIds));
    // Those that go together may start from each other's checkpoints, or be taught by them.
    await tx.delete(runStarts).where(inArray(runStarts.runId, ids));
    await tx.delete(runTeachers).where(inArray(runTeachers.runId, ids));
    await tx.delete(checkpoints).where(inArray(checkpoints.runId, ids));
    await deleteJobs(tx, rows);
    return { models: own.map(({ digest }) => digest), states: own.map(({ stateDigest }) => stateDigest), units };
  },
};

const liveness = ({ state, name }: RunRow): Refusal | null =>
  isTerminal(state) || state === 'INTERRUPTED'
    ? null
    : { message: `The run "${name}" is ${state}`, expected: 'a run that has ended', remedy: 'Cancel it first.' };
