/** What a checkpoint descends from, and what it has learnt from. */
import { and, asc, inArray, isNotNull } from 'drizzle-orm';
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

/**
 * The digests of the checkpoint and of all that it descends from below its model. By digests, since checkpoint 0 of a
 * run is the folder of what it started from.
 */
export async function ancestryOf(db: Executor, checkpoint: CheckpointRow): Promise<ReadonlySet<string>> {
  return new Set((await lineageOf(db, checkpoint)).map(({ digest }) => digest));
}

/** The data set versions that the runs of its lineage trained on, the oldest first. Dev sets are not trained on. */
export async function trainingSetsOf(db: Executor, checkpoint: CheckpointRow): Promise<DatasetRow[]> {
  // Checkpoint 0 of a run is what the run started from: it has learnt nothing of the run's data.
  const trained = (await lineageOf(db, checkpoint)).filter(({ step }) => step > 0);
  const runIds = trained.flatMap(({ runId }) => runId ?? []);
  const ids = db.select({ id: runDatasets.datasetId }).from(runDatasets).where(inArray(runDatasets.runId, runIds));
  return db.select().from(datasets).where(inArray(datasets.id, ids)).orderBy(asc(datasets.createdAt), asc(datasets.id));
}

/** The checkpoint, what its run started from, what it was fused from, and theirs in turn. */
async function lineageOf(db: Executor, checkpoint: CheckpointRow): Promise<readonly CheckpointRow[]> {
  const lineage = new Map<string, CheckpointRow>();
  for (let rows = [checkpoint]; rows.length > 0; ) {
    for (const row of rows) lineage.set(row.id, row);
    const found = (await parentIds(db, rows)).filter((id) => !lineage.has(id));
    rows = found.length === 0 ? [] : await db.select().from(checkpoints).where(inArray(checkpoints.id, found));
  }
  return [...lineage.values()];
}

async function parentIds(db: Executor, rows: readonly CheckpointRow[]): Promise<string[]> {
  const runIds = rows.map(({ runId }) => runId).filter((runId) => runId !== null);
  const starts = await db
    .select({ id: runStarts.checkpointId })
    .from(runStarts)
    .where(and(inArray(runStarts.runId, runIds), isNotNull(runStarts.checkpointId)));
  const ids = rows.map(({ id }) => id);
  const fused = await db
    .select({ id: checkpointParents.parentId })
    .from(checkpointParents)
    .where(inArray(checkpointParents.checkpointId, ids));
  return [...starts, ...fused].map(({ id }) => id).filter((id) => id !== null);
}
