/** What a checkpoint descends from, and what it has learnt from. */
import { and, asc, eq, inArray, isNotNull } from 'drizzle-orm';
import type { Executor } from '../../db/open.ts';
import {
  type CheckpointRow,
  checkpointParents,
  checkpoints,
  type DatasetRow,
  datasets,
  runDatasets,
  runStarts,
} from '../../db/schema.ts';
import { groupBy } from '../common/group-by.ts';

/**
 * The digests of the checkpoint and of all that it descends from below its model. By digests, since checkpoint 0 of a
 * run is the folder of what it started from.
 */
export async function ancestryOf(db: Executor, checkpoint: CheckpointRow): Promise<ReadonlySet<string>> {
  return new Set((await lineagesOf(db, [checkpoint])).flat().map(({ digest }) => digest));
}

/**
 * Of each checkpoint the data set versions that the runs of its lineage trained on, the oldest first. Dev sets are not
 * trained on.
 */
export async function trainingSetsOf(db: Executor, of: readonly CheckpointRow[]): Promise<DatasetRow[][]> {
  // Checkpoint 0 of a run is what the run started from: it has learnt nothing of the run's data.
  const runsOf = (lineage: readonly CheckpointRow[]): ReadonlySet<string> =>
    new Set(lineage.flatMap(({ step, runId }) => (step > 0 ? (runId ?? []) : [])));
  const trained = (await lineagesOf(db, of)).map(runsOf);
  const rows = await db
    .select({ runId: runDatasets.runId, dataset: datasets })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(inArray(runDatasets.runId, [...new Set(trained.flatMap((runs) => [...runs]))]))
    .orderBy(asc(datasets.createdAt), asc(datasets.id));
  return trained.map((runs) => {
    const sets = rows.filter(({ runId }) => runs.has(runId)).map(({ dataset }) => dataset);
    return [...new Map(sets.map((dataset) => [dataset.id, dataset])).values()];
  });
}

/**
 * Of each checkpoint itself, what its run started from, what it was fused from, and theirs in turn. A generation of all
 * of them is read at once.
 */
async function lineagesOf(db: Executor, of: readonly CheckpointRow[]): Promise<CheckpointRow[][]> {
  const known = new Map<string, CheckpointRow>();
  const parents = new Map<string, readonly string[]>();
  for (let rows = of; rows.length > 0; ) {
    for (const row of rows) known.set(row.id, row);
    for (const [id, found] of await parentsOf(db, rows)) parents.set(id, found);
    const unknown = rows.flatMap(({ id }) => parents.get(id) ?? []).filter((id) => !known.has(id));
    rows = unknown.length === 0 ? [] : await db.select().from(checkpoints).where(inArray(checkpoints.id, unknown));
  }
  return of.map(({ id }) => {
    const lineage = new Set([id]);
    // What is added meanwhile is visited as well.
    for (const each of lineage) for (const parent of parents.get(each) ?? []) lineage.add(parent);
    return [...lineage].flatMap((each) => known.get(each) ?? []);
  });
}

/** The ids of the parents of each checkpoint, by its id. */
async function parentsOf(db: Executor, rows: readonly CheckpointRow[]): Promise<Map<string, readonly string[]>> {
  const runIds = rows.map(({ runId }) => runId).filter((runId) => runId !== null);
  const starts = await db
    .select({ of: runStarts.runId, id: runStarts.checkpointId })
    .from(runStarts)
    .where(and(inArray(runStarts.runId, runIds), isNotNull(runStarts.checkpointId)));
  const ids = rows.map(({ id }) => id);
  const fused = await db
    .select({ of: checkpointParents.checkpointId, id: checkpointParents.parentId })
    .from(checkpointParents)
    .where(inArray(checkpointParents.checkpointId, ids));
  const byChild = groupBy([...starts, ...fused], ({ of }) => of);
  return new Map(
    rows.map(({ id, runId }) => {
      const found = [...(byChild.get(runId ?? '') ?? []), ...(byChild.get(id) ?? [])];
      return [id, found.flatMap((parent) => parent.id ?? [])];
    }),
  );
}
