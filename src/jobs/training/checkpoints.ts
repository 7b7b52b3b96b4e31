/**
 * Checkpoints of runs as rows, and what is kept of them: theta_0, each epoch's, the best on the dev sets, the last two;
 * the resumable state in the last two, so that a run goes on where the files of the last are damaged, in the best, so
 * that another run may go on from it with the optimizer's state, and in the start of a run that is to keep it. What
 * something refers to (an evaluation, a fusion, a collection, a run that starts from it, an alias) or a running job
 * reads is kept as well.
 */
import { and, count, desc, eq, inArray, isNotNull, isNull, lt, notExists, notInArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Db, Transaction } from '../../db/open.ts';
import { checkpoints, jobs, runStarts, runs, terminalStates } from '../../db/schema.ts';
import { unavailable } from '../../errors.ts';
import type { Retention } from '../../retention/retention.ts';
import { isUnusedCheckpoint } from '../../retention/uses.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TrainEvent } from '../../train/types.ts';

/** The run, its theta_0 and the attempt that makes a checkpoint. */
export interface CheckpointOwner {
  readonly runId: string;
  readonly modelId: string;
  readonly attempt: number;
}

type CheckpointEvent = Extract<TrainEvent, { type: 'checkpoint' }>;

/**
 * Makes the checkpoint's row, or finds it when the same step is reported again (an epoch's end, then a stop). The
 * folders were published before, perhaps found there as those of an equal run: UNAVAILABLE if that run was deleted in
 * between, and the attempt can go on from the checkpoint before. Called under `Retention.recording`.
 */
export async function recordCheckpoint(
  tx: Transaction,
  storage: Storage,
  { runId, modelId, attempt }: CheckpointOwner,
  event: CheckpointEvent,
): Promise<string> {
  await refuseIfGone(storage, event);
  const [row] = await tx
    .insert(checkpoints)
    .values({
      reason: event.reason,
      ...{ modelId, runId, attempt },
      step: event.step,
      epoch: event.epoch,
      digest: event.model,
      stateDigest: event.state,
      bytes: event.bytes,
    })
    .onConflictDoUpdate({
      target: [checkpoints.runId, checkpoints.step],
      set: { digest: event.model, stateDigest: event.state, bytes: event.bytes, attempt },
    })
    .returning({ id: checkpoints.id });
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
  { db, retention }: { readonly db: Db; readonly retention: Retention },
  runId: string,
): Promise<void> {
  const dropped = await db.transaction(async (tx) => {
    // A run that is just being made from one of them has locked it (services/runs): what follows sees that run.
    await tx.select().from(checkpoints).where(eq(checkpoints.runId, runId)).orderBy(checkpoints.id).for('update');
    const states = await dropStates(tx, runId);
    return { states, models: await dropRows(tx, runId) };
  });
  await retention.release('states', dropped.states);
  await retention.release('models', dropped.models);
}

/**
 * The best checkpoint and the last two keep their states, and those that a run is to begin with. Returns those of the
 * others.
 */
async function dropStates(tx: Transaction, runId: string): Promise<(string | null)[]> {
  const ofRun = eq(checkpoints.runId, runId);
  const superseded = and(
    ofRun,
    sql`${checkpoints.id} not in ${lastTwo(tx, runId)}`,
    isNotBest(tx, runId),
    isNotNull(checkpoints.stateDigest),
    notExists(awaited(tx)),
  );
  const rows = await tx.select({ digest: checkpoints.stateDigest }).from(checkpoints).where(superseded);
  await tx.update(checkpoints).set({ stateDigest: null }).where(superseded);
  return rows.map(({ digest }) => digest);
}

/**
 * Runs that keep the optimizer state of a checkpoint and have not two states of their own yet: with one, they begin
 * again from their start where its files are damaged.
 */
const awaited = (tx: Transaction) =>
  tx
    .select({ one: sql`1` })
    .from(runStarts)
    .innerJoin(runs, eq(runs.id, runStarts.runId))
    .innerJoin(jobs, eq(jobs.id, runStarts.runId))
    .where(
      and(
        eq(runStarts.checkpointId, checkpoints.id),
        sql`${runs.settings} ->> 'optimizerState' = 'kept'`,
        notInArray(jobs.state, [...terminalStates]),
        lt(ownStates(tx), 2),
      ),
    );

const own = alias(checkpoints, 'own');
const ownStates = (tx: Transaction) =>
  tx
    .select({ count: count() })
    .from(own)
    .where(and(eq(own.runId, runStarts.runId), isNotNull(own.stateDigest)));

const lastTwo = (tx: Transaction, runId: string) =>
  tx
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(eq(checkpoints.runId, runId))
    .orderBy(desc(checkpoints.step))
    .limit(2);

/** The best evaluation of a run is told after the checkpoint of its step. */
const isNotBest = (tx: Transaction, runId: string) =>
  sql`${checkpoints.step} is distinct from ${tx.select({ step: runs.bestStep }).from(runs).where(eq(runs.id, runId))}`;

async function dropRows(tx: Transaction, runId: string): Promise<string[]> {
  const ofRun = eq(checkpoints.runId, runId);
  const rows = await tx
    .delete(checkpoints)
    .where(
      and(
        ofRun,
        inArray(checkpoints.reason, ['interval', 'best', 'stop']),
        isNull(checkpoints.alias),
        sql`${checkpoints.id} not in ${lastTwo(tx, runId)}`,
        isNotBest(tx, runId),
        isUnusedCheckpoint(tx),
      ),
    )
    .returning({ digest: checkpoints.digest });
  return rows.map(({ digest }) => digest);
}
