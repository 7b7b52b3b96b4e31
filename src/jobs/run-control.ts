/** What people do to runs: start, cancel, resume; and what a new process does to those its predecessor left running. */
import { and, eq, or } from 'drizzle-orm';
import { afterCommit, type Database, type Transaction } from '../db/open.ts';
import { jobs, type RunRow, runAttempts, runs } from '../db/schema.ts';
import { conflict, type PlainError } from '../errors.ts';
import type { AdapterReport } from '../gpu/types.ts';
import { type Host, leaseIsOver } from './host.ts';
import { appendEvents, changeState, endAttempt, findRun, lockRun } from './run-store.ts';
import type { RunWorker } from './run-worker.ts';
import type { Wakeups } from './wakeup.ts';

export interface ControlContext {
  readonly database: Database;
  readonly wakeups: Wakeups;
  readonly worker: RunWorker;
  readonly adapter: AdapterReport;
}

/** Tells that the run waits; the worker is woken by the commit. */
export async function enqueueRun({ wakeups, worker }: ControlContext, tx: Transaction, runId: string): Promise<void> {
  const run = await lockRun(tx, runId);
  if (run.state !== 'QUEUED' || run.lastSeq > 0) throw wrongState(run, 'QUEUED and new', 'Start another run.');
  await appendEvents(tx, run, [{ type: 'state', state: 'QUEUED' }]);
  afterCommit(() => {
    wakeups.wake(runId);
    worker.wake();
  });
}

/** CANCELLED at once where nothing runs; a running attempt writes its checkpoint first. */
export async function cancelRun({ database, wakeups, worker }: ControlContext, runId: string): Promise<RunRow> {
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
    afterCommit(() => wakeups.wake(runId));
  });
  await worker.cancel(runId);
  return findRun(db, runId);
}

export async function resumeRun(
  { database, wakeups, worker, adapter }: ControlContext,
  runId: string,
  { allowDifferentAdapter = false }: { readonly allowDifferentAdapter?: boolean } = {},
): Promise<RunRow> {
  return database.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state !== 'INTERRUPTED') throw wrongState(run, 'INTERRUPTED', 'Only an interrupted run can be resumed.');
    if (run.adapter && !allowDifferentAdapter) refuseOtherAdapter(run.adapter, adapter);
    await changeState(tx, run, 'QUEUED', { cancelRequested: false, allowDifferentAdapter });
    afterCommit(() => {
      wakeups.wake(runId);
      worker.wake();
    });
    return findRun(tx, runId);
  });
}

function refuseOtherAdapter(before: AdapterReport, now: AdapterReport): void {
  const same = before.name === now.name && before.driver === now.driver && before.backend === now.backend;
  if (same) return;
  throw conflict(
    `The run was made on ${before.name} (${before.driver}); this machine has ${now.name} (${now.driver})`,
    {
      field: 'allowDifferentAdapter',
      expected: `the adapter ${before.name}`,
      remedy: 'Resume on that machine, or set allowDifferentAdapter: the run goes on, but not to the same bits.',
    },
  );
}

const wrongState = (run: RunRow, expected: string, remedy: string) =>
  conflict(`Run ${run.id} is ${run.state}`, { field: run.id, expected: `a run that is ${expected}`, remedy });

/**
 * Runs and jobs that are RUNNING in the tables although their process is gone become INTERRUPTED. Gone are: all of an
 * embedded database (this process has its folder's lock), those of this host's name, and those with an old heartbeat.
 */
export async function interruptOrphans({ db, kind }: Database, host: Host): Promise<{ runs: number; jobs: number }> {
  return db.transaction(async (tx) => {
    const ofAttempt = and(eq(runAttempts.runId, runs.id), eq(runAttempts.number, runs.attempt));
    const lostRun =
      kind === 'pglite' ? undefined : or(eq(runAttempts.host, host.name), leaseIsOver(runAttempts.heartbeatAt));
    const orphans = await tx
      .select({ runId: runs.id, number: runs.attempt })
      .from(runs)
      .innerJoin(runAttempts, ofAttempt)
      .where(and(eq(runs.state, 'RUNNING'), lostRun));
    for (const orphan of orphans) await endAttempt(tx, orphan, 'INTERRUPTED', { reason: gone });

    const lostJob = kind === 'pglite' ? undefined : or(eq(jobs.host, host.name), leaseIsOver(jobs.heartbeatAt));
    const error: PlainError = { name: 'TandemError', code: 'UNAVAILABLE', message: gone };
    const interrupted = await tx
      .update(jobs)
      .set({ state: 'INTERRUPTED', error, finishedAt: new Date() })
      .where(and(eq(jobs.state, 'RUNNING'), lostJob))
      .returning({ id: jobs.id });
    return { runs: orphans.length, jobs: interrupted.length };
  });
}

const gone = 'the process that worked on it ended without a word';
