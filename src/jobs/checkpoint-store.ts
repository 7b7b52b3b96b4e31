/**
 * Checkpoints of runs as rows, and what is kept of them: theta_0, each epoch's, the last two; the resumable state only in
 * the last. What something refers to (an evaluation, a fusion, a collection, an alias) is kept as well.
 */
import { and, desc, eq, inArray, isNotNull, isNull, ne, notExists, or, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { TrainEvent } from '../../workers/protocol.ts';
import type { Db, Executor, Transaction } from '../db/open.ts';
import {
  checkpointParents,
  checkpoints,
  collections,
  embeddings,
  evaluations,
  models,
  type RunRow,
} from '../db/schema.ts';
import type { Storage } from '../storage/storage.ts';

type CheckpointEvent = Extract<TrainEvent, { type: 'checkpoint' }>;

/** Makes the checkpoint's row, or finds it when the same step is told again (an epoch's end, then a stop). */
export async function recordCheckpoint(tx: Transaction, run: RunRow, event: CheckpointEvent): Promise<string> {
  const [row] = await tx
    .insert(checkpoints)
    .values({
      reason: event.reason,
      modelId: run.modelId,
      runId: run.id,
      attempt: run.attempt,
      step: event.step,
      epoch: event.epoch,
      digest: event.model,
      stateDigest: event.state,
      bytes: event.bytes,
    })
    .onConflictDoUpdate({
      target: [checkpoints.runId, checkpoints.step],
      set: { digest: event.model, stateDigest: event.state, bytes: event.bytes, attempt: run.attempt },
    })
    .returning({ id: checkpoints.id });
  return row.id;
}

/** Applies the retention to a run's checkpoints: rows first, files after the commit. */
export async function pruneCheckpoints(db: Db, storage: Storage, runId: string): Promise<void> {
  const dropped = await db.transaction(async (tx) => {
    const states = await dropStates(tx, runId);
    return { states, models: await dropRows(tx, runId) };
  });
  for (const digest of dropped.states) await storage.remove('states', digest);
  for (const digest of dropped.models) await storage.remove('models', digest);
}

/** Only the last checkpoint keeps its state. Answers the states that nothing names any more. */
async function dropStates(tx: Transaction, runId: string): Promise<string[]> {
  const ofRun = eq(checkpoints.runId, runId);
  const [last] = await tx.select().from(checkpoints).where(ofRun).orderBy(desc(checkpoints.step)).limit(1);
  if (!last) return [];
  const superseded = and(ofRun, ne(checkpoints.id, last.id), isNotNull(checkpoints.stateDigest));
  const rows = await tx.select({ digest: checkpoints.stateDigest }).from(checkpoints).where(superseded);
  await tx.update(checkpoints).set({ stateDigest: null }).where(superseded);
  return unnamed(tx, rows, [checkpoints.stateDigest]);
}

async function dropRows(tx: Transaction, runId: string): Promise<string[]> {
  const ofRun = eq(checkpoints.runId, runId);
  const kept = tx
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(ofRun)
    .orderBy(desc(checkpoints.step))
    .limit(2);
  const rows = await tx
    .delete(checkpoints)
    .where(
      and(
        ofRun,
        inArray(checkpoints.reason, ['interval', 'stop']),
        isNull(checkpoints.alias),
        sql`${checkpoints.id} not in ${kept}`,
        unused(tx, evaluations, evaluations.checkpointId),
        unused(tx, collections, collections.checkpointId),
        unused(tx, embeddings, embeddings.checkpointId),
        unused(tx, checkpointParents, checkpointParents.parentId),
      ),
    )
    .returning({ digest: checkpoints.digest });
  return unnamed(tx, rows, [checkpoints.digest, models.digest]);
}

const unused = (tx: Transaction, table: PgTable, column: PgColumn) =>
  notExists(tx.select({ one: sql`1` }).from(table).where(eq(column, checkpoints.id)));

/** Those of the digests that no row names: equal weights share one folder. */
async function unnamed(
  executor: Executor,
  rows: readonly { readonly digest: string | null }[],
  columns: readonly PgColumn[],
): Promise<string[]> {
  const digests = [...new Set(rows.flatMap(({ digest }) => digest ?? []))];
  const named = new Set<unknown>();
  for (const column of digests.length > 0 ? columns : []) {
    const found = await executor
      .select({ digest: column })
      .from(column.table)
      .where(or(inArray(column, digests)));
    for (const row of found) named.add(row.digest);
  }
  return digests.filter((digest) => !named.has(digest));
}
