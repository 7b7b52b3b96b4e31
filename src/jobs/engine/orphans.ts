/**
 * Runs and jobs that are RUNNING in the tables without a live owner become INTERRUPTED (a run whose cancellation was
 * requested becomes CANCELLED): at start those of this host's earlier process, and at all times those whose lease is
 * over.
 */
import { and, eq, notInArray, or, type SQL } from 'drizzle-orm';
import type { Database, Db } from '../../db/open.ts';
import { jobs, runAttempts, runs } from '../../db/schema.ts';
import type { PlainError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { type Attempt, endAttempt, LostRun } from '../runs/store.ts';
import { type Host, heartbeatIsOld, leaseIsOver } from './host.ts';

/** Ids of runs and of jobs. */
export interface Orphans {
  readonly runs: readonly string[];
  readonly jobs: readonly string[];
}

const jobIsSilent = heartbeatIsOld(jobs.heartbeatAt);
const runIsSilent = leaseIsOver(runAttempts.leaseUntil);

/**
 * Called at start, before this process starts any work. In an embedded database all RUNNING work is orphaned, because
 * this process holds the folder's lock; elsewhere, the work of this host's name and work whose lease is over.
 */
export function interruptOrphans({ db, kind }: Database, host: Host): Promise<Orphans> {
  if (kind === 'pglite') return interrupt(db, undefined, undefined);
  const lostRun = or(eq(runAttempts.host, host.name), runIsSilent);
  return interrupt(db, lostRun, or(eq(jobs.host, host.name), jobIsSilent));
}

/**
 * Interrupts work whose lease is over, except this process's own: its database may have been unreachable for a while.
 */
export function interruptSilent(db: Db, mine: Orphans): Promise<Orphans> {
  const lostRun = and(runIsSilent, notInArray(runs.id, [...mine.runs]));
  return interrupt(db, lostRun, and(jobIsSilent, notInArray(jobs.id, [...mine.jobs])));
}

async function interrupt(db: Db, lostRun: SQL | undefined, lostJob: SQL | undefined): Promise<Orphans> {
  const found = await db
    .select({ runId: runs.id, number: runs.attempt, cancelled: runs.cancelRequested })
    .from(runs)
    .innerJoin(runAttempts, and(eq(runAttempts.runId, runs.id), eq(runAttempts.number, runs.attempt)))
    .where(and(eq(runs.state, 'RUNNING'), lostRun));
  const ended: string[] = [];
  for (const orphan of found) if (await endOrphan(db, orphan)) ended.push(orphan.runId);

  const error: PlainError = { name: 'TandemError', code: 'UNAVAILABLE', message: gone };
  const interrupted = await db
    .update(jobs)
    .set({ state: 'INTERRUPTED', error, finishedAt: new Date() })
    .where(and(eq(jobs.state, 'RUNNING'), lostJob))
    .returning({ id: jobs.id });
  return { runs: ended, jobs: interrupted.map(({ id }) => id) };
}

/** Returns false if another process was faster, or the owner ended it after all. */
async function endOrphan(db: Db, { cancelled, ...orphan }: Attempt & { cancelled: boolean }): Promise<boolean> {
  try {
    // A run whose cancellation was requested must not be resumable.
    await db.transaction((tx) => endAttempt(tx, orphan, cancelled ? 'CANCELLED' : 'INTERRUPTED', { reason: gone }));
    return true;
  } catch (error) {
    if (error instanceof LostRun) return false;
    throw error;
  }
}

const gone = 'the process that worked on it ended unexpectedly';

export interface ReaperOptions {
  readonly db: Db;
  readonly log: Logger;
  readonly mine: () => Orphans;
  /** Notifies readers that a run or job has changed. */
  readonly wake: (id: string) => void;
}

const everyMs = 30_000;

/** Looks for orphans every 30 s. `stop` ends it and resolves when a search in progress has ended. */
export function startReaper({ db, log, mine, wake }: ReaperOptions): { stop(): Promise<void> } {
  let looking: Promise<void> = Promise.resolve();
  async function look(): Promise<void> {
    try {
      const orphans = await interruptSilent(db, mine());
      for (const id of [...orphans.runs, ...orphans.jobs]) wake(id);
      if (orphans.runs.length + orphans.jobs.length > 0) log.warn(orphans, 'work of a silent process was interrupted');
    } catch (error) {
      log.warn({ error }, 'the work of silent processes could not be looked for');
    }
  }
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs).unref();
  return {
    stop: () => {
      clearInterval(timer);
      return looking;
    },
  };
}
