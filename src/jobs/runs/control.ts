/** What people do to runs: start, cancel, resume. */
import { eq } from 'drizzle-orm';
import { afterCommit, type Database, type Db, type Transaction } from '../../db/open.ts';
import { type RunRow, runs } from '../../db/schema.ts';
import type { AdapterReport } from '../../device/types.ts';
import { conflict } from '../../errors.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Notifier } from '../engine/notifier.ts';
import { missingFolder } from './files.ts';
import { otherAdapter } from './other-adapter.ts';
import { appendEvents, changeState, findRun, lockRun, readInputs } from './store.ts';
import type { RunWorker } from './worker.ts';

export interface ControlContext {
  readonly database: Database;
  readonly storage: Storage;
  readonly notifier: Notifier;
  readonly worker: RunWorker;
  readonly adapter: AdapterReport;
}

/** Tells that the run waits; the worker is woken by the commit. */
export async function enqueueRun({ notifier, worker }: ControlContext, tx: Transaction, runId: string): Promise<void> {
  const run = await lockRun(tx, runId);
  if (run.state !== 'QUEUED' || run.lastSeq > 0) throw wrongState(run, 'QUEUED and new', 'Start another run.');
  await appendEvents(tx, run, [{ type: 'state', state: 'QUEUED' }]);
  afterCommit(() => {
    notifier.wake(runId);
    worker.wake();
  });
}

/** CANCELLED at once where nothing runs; a running attempt writes its checkpoint first. */
export async function cancelRun({ database, notifier, worker }: ControlContext, runId: string): Promise<RunRow> {
  const { db } = database;
  await db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state === 'QUEUED' || run.state === 'INTERRUPTED') {
      await changeState(tx, run, 'CANCELLED', { finishedAt: new Date(), reason: 'cancelled' });
    } else if (run.state === 'RUNNING') {
      await tx.update(runs).set({ cancelRequested: true }).where(eq(runs.id, runId));
    } else if (run.state !== 'CANCELLED') {
      throw wrongState(run, 'QUEUED, RUNNING or INTERRUPTED', 'There is nothing to cancel.');
    }
    afterCommit(() => notifier.wake(runId));
  });
  if (!(await worker.cancel(runId))) await endsElsewhere(db, notifier, runId);
  return findRun(db, runId);
}

/** Longer than a heartbeat, at which the owner learns of it, and the end of a micro-batch with its checkpoint. */
const patienceMs = 30_000;

/** Waits until a run that another process works on has ended, but not forever: that process may be dead. */
async function endsElsewhere(db: Db, notifier: Notifier, runId: string): Promise<void> {
  const waiter = notifier.attach(runId);
  try {
    const until = performance.now() + patienceMs;
    for (let woken = 'woken'; woken === 'woken' && (await findRun(db, runId)).state === 'RUNNING'; ) {
      woken = await waiter.wait(Math.max(0, until - performance.now()));
    }
  } finally {
    waiter.detach();
  }
}

export async function resumeRun(
  context: ControlContext,
  runId: string,
  { allowDifferentAdapter = false }: { readonly allowDifferentAdapter?: boolean } = {},
): Promise<RunRow> {
  const { database, notifier, worker, adapter } = context;
  return database.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state !== 'INTERRUPTED') throw wrongState(run, 'INTERRUPTED', 'Only an interrupted run can be resumed.');
    const refusal = allowDifferentAdapter ? undefined : otherAdapter(run.adapter, adapter);
    if (refusal && (await takesHere(context, tx, runId))) throw refusal;
    await changeState(tx, run, 'QUEUED', { cancelRequested: false, allowDifferentAdapter });
    afterCommit(() => {
      notifier.wake(runId);
      worker.wake();
    });
    return findRun(tx, runId);
  });
}

/** Not so where another host has the folders: that one takes the run, and compares its own adapter then. */
async function takesHere({ database, storage }: ControlContext, tx: Transaction, runId: string): Promise<boolean> {
  return database.kind === 'pglite' || (await missingFolder(storage, await readInputs(tx, runId))) === undefined;
}

const wrongState = (run: RunRow, expected: string, remedy: string) =>
  conflict(`Run ${run.id} is ${run.state}`, { field: run.id, expected: `a run that is ${expected}`, remedy });
