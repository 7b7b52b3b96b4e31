/** What a checkpoint descends from. */
import { and, inArray, isNotNull } from 'drizzle-orm';
import type { Executor } from '../../db/open.ts';
import { type CheckpointRow, checkpointParents, checkpoints, runStarts } from '../../db/schema.ts';

/**
 * The digests of the checkpoint and of all that it descends from below its model: what its run started from, what it
 * was fused from, and theirs in turn. By digests, since checkpoint 0 of a run is the folder of what it started from.
 */
export async function ancestryOf(db: Executor, checkpoint: CheckpointRow): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  const seen = new Set<string>();
  for (let rows = [checkpoint]; rows.length > 0; ) {
    for (const { id, digest } of rows) {
      seen.add(id);
      digests.add(digest);
    }
    const found = (await parentIds(db, rows)).filter((id) => !seen.has(id));
    rows = found.length === 0 ? [] : await db.select().from(checkpoints).where(inArray(checkpoints.id, found));
  }
  return digests;
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
