/**
 * Every write to a running run, fenced by the number of the attempt that makes it: once another attempt owns the run,
 * or the run has ended, the earlier one's writes fail with {@link LostRun}. Short transactions that wait for nothing.
 */
import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { Db, Executor, Transaction } from '../../db/open.ts';
import type { RunEventData } from '../../db/schema/types.ts';
import {
  type CheckpointRow,
  checkpoints,
  type DatasetRow,
  datasets,
  type ModelRow,
  models,
  type RunRow,
  type RunState,
  runAttempts,
  runDatasets,
  runEvents,
  runs,
} from '../../db/schema.ts';
import type { AdapterReport } from '../../device/types.ts';
import { invariant, notFound, type PlainError } from '../../errors.ts';
import { type Host, leaseEnd } from '../engine/host.ts';

/** Names an attempt; what a fenced write must show. */
export interface Attempt {
  readonly runId: string;
  readonly number: number;
}

/** The attempt does not own the run any more. This is no failure and is not reported: another attempt goes on. */
export class LostRun extends Error {
  override readonly name = 'LostRun';
}

export async function findRun(executor: Executor, runId: string): Promise<RunRow> {
  const [run] = await executor.select().from(runs).where(eq(runs.id, runId));
  if (!run) throw noRun(runId);
  return run;
}

const noRun = (runId: string) =>
  notFound(`There is no run ${runId}`, { field: runId, remedy: 'List the runs for their ids.' });

/** The run's row, locked until the transaction ends. */
export async function lockRun(tx: Transaction, runId: string): Promise<RunRow> {
  const [run] = await tx.select().from(runs).where(eq(runs.id, runId)).for('update');
  if (!run) throw noRun(runId);
  return run;
}

/** Changes a run whose row is locked, and tells so in the same transaction. */
export async function changeState(
  tx: Transaction,
  run: RunRow,
  state: RunState,
  { reason, error, ...changes }: Partial<RunRow> & { readonly reason?: string; readonly error?: PlainError } = {},
): Promise<void> {
  const seq = run.lastSeq + 1;
  const data: RunEventData = { type: 'state', state, ...(reason && { reason }), ...(error && { error }) };
  await tx
    .update(runs)
    .set({ ...changes, state, error: error ?? null, lastSeq: seq })
    .where(eq(runs.id, run.id));
  await tx
    .insert(runEvents)
    .values({ runId: run.id, seq, attempt: changes.attempt ?? run.attempt, type: 'state', data });
}

/**
 * Takes a QUEUED run for this host as a new attempt; returns undefined if it is not QUEUED any more or its row is
 * locked.
 */
export async function claimRun(db: Db, host: Host, runId: string): Promise<Attempt | undefined> {
  return db.transaction(async (tx) => {
    const queued = tx
      .select()
      .from(runs)
      .where(and(eq(runs.id, runId), eq(runs.state, 'QUEUED')));
    const [run] = await queued.for('update', { skipLocked: true });
    if (!run) return undefined;
    const number = run.attempt + 1;
    const last = await lastResumable(tx, run.id);
    await changeState(tx, run, 'RUNNING', { attempt: number, startedAt: run.startedAt ?? new Date() });
    await tx.insert(runAttempts).values({
      runId: run.id,
      number,
      host: host.name,
      pid: host.pid,
      leaseUntil: leaseEnd,
      resumedFrom: last?.id ?? null,
    });
    return { runId: run.id, number };
  });
}

/** The checkpoint that a new attempt goes on from: the last one that has its state. */
async function lastResumable(executor: Executor, runId: string): Promise<CheckpointRow | undefined> {
  const [last] = await executor
    .select()
    .from(checkpoints)
    .where(and(eq(checkpoints.runId, runId), isNotNull(checkpoints.stateDigest)))
    .orderBy(desc(checkpoints.step))
    .limit(1);
  return last;
}

export interface RunInputs {
  readonly run: RunRow;
  readonly model: ModelRow;
  /** In the order the run names them. */
  readonly datasets: readonly { readonly weight: number; readonly dataset: DatasetRow }[];
  readonly resume: { readonly model: string; readonly state: string } | undefined;
}

/** NOT_FOUND, too, if the run is deleted with its model meanwhile. */
export async function readInputs(db: Executor, runId: string): Promise<RunInputs> {
  const run = await findRun(db, runId);
  const [model] = await db.select().from(models).where(eq(models.id, run.modelId));
  if (!model) throw noRun(runId);
  const named = await db
    .select({ weight: runDatasets.weight, dataset: datasets })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(eq(runDatasets.runId, runId))
    .orderBy(runDatasets.position);
  const last = await lastResumable(db, runId);
  const resume = last?.stateDigest ? { model: last.digest, state: last.stateDigest } : undefined;
  return { run, model, datasets: named, resume };
}

/** Locks the run for a write of this attempt. */
export async function ownRun(tx: Transaction, attempt: Attempt): Promise<RunRow> {
  const run = await lockRun(tx, attempt.runId);
  if (run.attempt !== attempt.number || run.state !== 'RUNNING') {
    throw new LostRun(`Attempt ${attempt.number} of run ${attempt.runId} was superseded`);
  }
  return run;
}

/** Adds events in order behind the run's last, with what they change in its row. */
export async function appendEvents(
  tx: Transaction,
  run: RunRow,
  events: readonly RunEventData[],
  changes: Partial<RunRow> = {},
): Promise<void> {
  invariant(events.length > 0, 'No events to append');
  await tx
    .update(runs)
    .set({ ...changes, lastSeq: run.lastSeq + events.length })
    .where(eq(runs.id, run.id));
  await tx.insert(runEvents).values(
    events.map((data, i) => ({
      runId: run.id,
      seq: run.lastSeq + 1 + i,
      attempt: run.attempt,
      type: data.type,
      data,
    })),
  );
}

/** Keeps which adapter an attempt runs on; another attempt may run on another one. */
export async function recordAdapter(tx: Transaction, attempt: Attempt, adapter: AdapterReport): Promise<void> {
  await tx.update(runAttempts).set({ adapter }).where(isAttempt(attempt));
}

/** Ends an attempt and gives its run the state that follows. */
export async function endAttempt(
  tx: Transaction,
  attempt: Attempt,
  outcome: 'INTERRUPTED' | 'CANCELLED' | 'FAILED' | 'SUCCEEDED',
  { reason, error }: { readonly reason?: string; readonly error?: PlainError } = {},
): Promise<void> {
  const run = await ownRun(tx, attempt);
  const finishedAt = outcome === 'INTERRUPTED' ? null : new Date();
  await changeState(tx, run, outcome, {
    finishedAt,
    secondsLeft: null,
    ...(reason && { reason }),
    ...(error && { error }),
  });
  await tx.update(runAttempts).set({ endedAt: new Date(), outcome }).where(isAttempt(attempt));
}

const isAttempt = (attempt: Attempt) =>
  and(eq(runAttempts.runId, attempt.runId), eq(runAttempts.number, attempt.number));

/**
 * Renews the attempt's heartbeat and lease. Returns whether a cancellation was requested; throws LostRun without the
 * lease.
 */
export async function writeHeartbeat(db: Db, attempt: Attempt): Promise<{ cancelRequested: boolean }> {
  const [alive] = await db
    .update(runAttempts)
    .set({ heartbeatAt: sql`now()`, leaseUntil: leaseEnd })
    .from(runs)
    .where(
      and(
        isAttempt(attempt),
        eq(runs.id, runAttempts.runId),
        eq(runs.attempt, attempt.number),
        eq(runs.state, 'RUNNING'),
      ),
    )
    .returning({ cancelRequested: runs.cancelRequested });
  if (!alive) throw new LostRun(`Attempt ${attempt.number} of run ${attempt.runId} was superseded`);
  return alive;
}
