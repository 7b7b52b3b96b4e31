/** Runs: list, read their parts, follow their events, delete. */

import { and, asc, eq, inArray } from 'drizzle-orm';
import {
  checkpoints,
  evaluations,
  type JobEventRow,
  jobs as jobRows,
  type RunDatasetRow,
  type RunDevSetRow,
  type RunRow,
  runDatasets,
  runDevSets,
  runStarts,
  runs as runTable,
  runTeachers,
} from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import type { JobStreamItem } from '../../jobs/jobs.ts';
import { usesOfCheckpoints, usesOfRun } from '../../retention/uses.ts';
import { type Deletion, inUse, type Refusal } from '../common/editing/remove.ts';
import { groupBy } from '../common/group-by.ts';
import { type ListLoaders, listSource } from '../common/listing/list-source.ts';
import { requireRow } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
import { deleteJobs } from '../jobs/delete.ts';
import type { Tandem } from '../tandem.ts';
import { runEventList } from './list.ts';
import { isTerminal } from './run-state.ts';

export type { JobStreamItem } from '../../jobs/jobs.ts';
export { isTerminal } from './run-state.ts';

/** The data sets of each of the runs, in the order of the ids. */
export async function datasetsOf({ database: { db } }: Tandem, ids: readonly string[]): Promise<RunDatasetRow[][]> {
  const own = inArray(runDatasets.runId, [...ids]);
  const rows = await db.select().from(runDatasets).where(own).orderBy(asc(runDatasets.position));
  const groups = groupBy(rows, ({ runId }) => runId);
  return ids.map((id) => groups.get(id) ?? []);
}

/** The dev sets likewise. */
export async function devSetsOf({ database: { db } }: Tandem, ids: readonly string[]): Promise<RunDevSetRow[][]> {
  const own = inArray(runDevSets.runId, [...ids]);
  const rows = await db.select().from(runDevSets).where(own).orderBy(asc(runDevSets.position));
  const groups = groupBy(rows, ({ runId }) => runId);
  return ids.map((id) => groups.get(id) ?? []);
}

/** Keys of the best checkpoints on the dev sets, in the order of the runs; null = none, or it was deleted. */
export async function bestCheckpointsOf(
  { database: { db } }: Tandem,
  rows: readonly RunRow[],
): Promise<(string | null)[]> {
  const best = rows.filter(({ bestStep }) => bestStep !== null).map(({ id }) => id);
  if (best.length === 0) return rows.map(() => null);
  const found = await db
    .select({ id: checkpoints.id, runId: runTable.id })
    .from(checkpoints)
    .innerJoin(runTable, and(eq(runTable.id, checkpoints.runId), eq(runTable.bestStep, checkpoints.step)))
    .where(inArray(runTable.id, best));
  const keys = new Map(found.map(({ id, runId }) => [runId, id]));
  return rows.map(({ id }) => keys.get(id) ?? null);
}

/** Kept events behind `after`, at most `first` and at most one page; the loaders are those of the request. */
export async function eventsOf(
  { config }: Tandem,
  loaders: ListLoaders,
  runId: string,
  { after, first }: { readonly after: number; readonly first: number },
): Promise<JobEventRow[]> {
  const events = listSource<JobEventRow>(runEventList, {}, { edge: 'run', key: runId }, loaders);
  const limit = Math.min(first, config.limits.pageSize);
  const bounds = { after: [String(after)], before: null, offset: 0, backwards: false };
  return (await events.items({ ...bounds, limit })).map(({ node }) => node);
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
