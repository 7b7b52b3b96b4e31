/**
 * Checkpoints of runs as rows, and what is kept of them: theta_0, each epoch's, the last two; the resumable state only in
 * the last. What something refers to (an evaluation, a fusion, a collection, an alias) or a running job reads is kept as well.
 */
import { and, desc, eq, inArray, isNotNull, isNull, ne, notExists, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Db, Transaction } from '../../db/open.ts';
import { checkpointParents, checkpoints, collections, embeddings, evaluations, type RunRow } from '../../db/schema.ts';
import { unavailable } from '../../errors.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TrainEvent } from '../../train/types.ts';
import { unusedByJobs } from '../engine/job-users.ts';
import { removeUnnamed, settleAfterCommit } from '../engine/shared-folders.ts';

type CheckpointEvent = Extract<TrainEvent, { type: 'checkpoint' }>;

/**
 * Makes the checkpoint's row, or finds it when the same step is told again (an epoch's end, then a stop). The folders were
 * published before, perhaps found there as those of an equal run: UNAVAILABLE if that run was deleted in between, and the
 * attempt can go on from the checkpoint before. Called under {@link whileFoldersStay}.
 */
export async function recordCheckpoint(
  tx: Transaction,
  storage: Storage,
  run: RunRow,
  event: CheckpointEvent,
): Promise<string> {
  await refuseIfGone(storage, event);
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
  settleAfterCommit(storage, 'models', event.model);
  settleAfterCommit(storage, 'states', event.state);
  return row.id;
}

async function refuseIfGone(storage: Storage, { model, state }: CheckpointEvent): Promise<void> {
  if ((await storage.exists('models', model)) && (await storage.exists('states', state))) return;
  throw unavailable('The files of a checkpoint were deleted with an equal run before it was recorded', {
    field: model,
    remedy: 'Resume the run: it makes the checkpoint again.',
  });
}

/** Applies the retention to a run's checkpoints: rows first, files after the commit. */
export async function pruneCheckpoints(
  { db, storage }: { readonly db: Db; readonly storage: Storage },
  runId: string,
  forget: (digest: string) => Promise<void>,
): Promise<void> {
  const dropped = await db.transaction(async (tx) => {
    const states = await dropStates(tx, runId);
    return { states, models: await dropRows(tx, runId) };
  });
  await removeUnnamed({ db, storage }, 'states', dropped.states);
  await removeUnnamed({ db, storage }, 'models', dropped.models, forget);
}

/** Only the last checkpoint keeps its state. Answers the states of the others. */
async function dropStates(tx: Transaction, runId: string): Promise<(string | null)[]> {
  const ofRun = eq(checkpoints.runId, runId);
  const [last] = await tx.select().from(checkpoints).where(ofRun).orderBy(desc(checkpoints.step)).limit(1);
  if (!last) return [];
  const superseded = and(ofRun, ne(checkpoints.id, last.id), isNotNull(checkpoints.stateDigest));
  const rows = await tx.select({ digest: checkpoints.stateDigest }).from(checkpoints).where(superseded);
  await tx.update(checkpoints).set({ stateDigest: null }).where(superseded);
  return rows.map(({ digest }) => digest);
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
        unusedByJobs(tx, checkpoints.id),
      ),
    )
    .returning({ digest: checkpoints.digest });
  return rows.map(({ digest }) => digest);
}

const unused = (tx: Transaction, table: PgTable, column: PgColumn) =>
  notExists(tx.select({ one: sql`1` }).from(table).where(eq(column, checkpoints.id)));
