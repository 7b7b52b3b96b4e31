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
} from '../../db/schema.ts';
import { badInput, conflict } from '../../errors.ts';
import type { JobStreamItem } from '../../jobs/jobs.ts';
import { usesOfCheckpoints, usesOfRun } from '../../retention/uses.ts';
import { refuseWhileInUse } from '../common/in-use.ts';
import type { Page, Window } from '../common/page.ts';
import { requireRow } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
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

/** Deletes an ended run with its events, checkpoints and their evaluations. */
export async function remove({ database, jobs }: Tandem, id: string): Promise<void> {
  const { own, units } = await database.db.transaction(async (tx) => {
    // Locked: a resume that commits first is seen, a later one finds no run.
    await tx.select({ id: jobRows.id }).from(jobRows).where(eq(jobRows.id, id)).for('update');
    const run = await requireRow(tx, 'runs', id);
    refuseIfLive(run);
    const own = await tx.select().from(checkpoints).where(eq(checkpoints.runId, id));
    const ids = own.map((row) => row.id);
    const users = [...(await usesOfRun(tx, id)), ...(await usesOfCheckpoints(tx, ids))];
    refuseWhileInUse(`run "${run.name}"`, [...new Set(users)]);
    const units = await deleteEvaluations(tx, inArray(evaluations.checkpointId, ids));
    await tx.delete(checkpoints).where(eq(checkpoints.runId, id));
    await tx.delete(jobRows).where(eq(jobRows.id, id));
    return { own, units };
  });
  await jobs.retention.release(
    'models',
    own.map(({ digest }) => digest),
  );
  await jobs.retention.release(
    'states',
    own.map(({ stateDigest }) => stateDigest),
  );
  await jobs.retention.release('units', units);
}

function refuseIfLive({ state, name }: RunRow): void {
  if (isTerminal(state) || state === 'INTERRUPTED') return;
  throw conflict(`The run "${name}" is ${state}`, {
    field: 'id',
    expected: 'a run that has ended',
    remedy: 'Cancel it first.',
  });
}
