/**
 * Work that outlives a request: training runs, and long tasks as rows of `jobs`. Called by services/; the only layer
 * that talks to the worker threads and the only writer of running work. It does not know GraphQL and never loads Dawn.
 */

import type { CpuCommands, DeviceCommands } from '../../workers/protocol.ts';
import type { Config } from '../config.ts';
import { databaseIdentity } from '../db/identity.ts';
import type { Database, Transaction } from '../db/open.ts';
import type { JobKind, JobRow, RunRow } from '../db/schema.ts';
import type { AdapterReport } from '../device/types.ts';
import { createLogger } from '../log.ts';
import { Retention } from '../retention/retention.ts';
import type { Storage } from '../storage/storage.ts';
import { endsWithin } from '../within.ts';
import { BackgroundJobs, type JobRequest, type StartedJob, type Work } from './engine/background.ts';
import { thisHost } from './engine/host.ts';
import { Notifier } from './engine/notifier.ts';
import { interruptOrphans, startReaper } from './engine/orphans.ts';
import { watchOtherHosts } from './engine/other-hosts.ts';
import { cancelRun, enqueueRun, resumeRun } from './runs/control.ts';
import { RunQueue } from './runs/queue.ts';
import { type RunStreamItem, type RunStreamOptions, streamRunEvents } from './runs/stream.ts';
import { RunWorker } from './runs/worker.ts';
import { forgetModel, startThreads, type Thread, type ThreadSettings } from './threads/threads.ts';

export type { Finished, JobContext } from './engine/background.ts';
export type { RunStreamItem } from './runs/stream.ts';

export interface Jobs {
  readonly cpu: Thread<CpuCommands>;
  readonly device: Thread<DeviceCommands>;
  /** Which folders of storage stay; every write or deletion of rows that name folders goes through it. */
  readonly retention: Retention;
  /** The adapters in use, as the device threads reported them at start. */
  devices(): readonly AdapterReport[];

  /** Makes a run that was just inserted (state QUEUED) start; in the caller's transaction, so both or none happen. */
  enqueueRun(tx: Transaction, runId: string): Promise<void>;
  /** Stops after the running micro-batch and keeps a checkpoint; resolves when the run is CANCELLED. */
  cancelRun(runId: string): Promise<RunRow>;
  /** Continues an INTERRUPTED run from its last checkpoint. Returns the QUEUED run. */
  resumeRun(runId: string, options?: { readonly allowDifferentAdapter?: boolean }): Promise<RunRow>;
  /**
   * Every event with seq > after, then those to come; ends after the terminal one, when aborted, and when jobs stop.
   */
  runEvents(runId: string, options?: RunStreamOptions): AsyncIterable<RunStreamItem>;

  /**
   * Does long work with a row in `jobs`. `work` runs in this process and keeps what it made by `succeed`, in the
   * transaction that ends the job. The same idempotency key again returns the first job and does nothing.
   */
  startJob(kind: JobKind, request: JobRequest, work: Work): Promise<StartedJob>;
  /** Aborts a job's work and resolves when it has ended. */
  cancelJob(jobId: string): Promise<JobRow>;
  /** The row now and after each change, ending after the final state. */
  jobEvents(jobId: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<JobRow>;

  /** Interrupts running work with a checkpoint, ends streams and threads, within graceMs (default 10 s). */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface JobsOptions {
  readonly database: Database;
  readonly storage: Storage;
  readonly config: Pick<Config, 'dataDir' | 'adapter'>;
  /** Whether this process works on runs. Without it QUEUED ones stay so, for a process that is there to end them. */
  readonly takeRuns?: boolean;
  /** Entry points of the threads; other ones only in tests. */
  readonly threads?: ThreadSettings['entries'];
}

/**
 * Left out of the time that `stop` is given for closing the threads, and for work to say its end that had to be forced
 * to it.
 */
const closingMs = 1_500;
/** The first part of that: for marking the work that did not end. */
const leavingMs = 500;

/** Starts the threads, removes or marks as INTERRUPTED what a dead process left and takes up queued runs. */
export async function openJobs({
  database,
  storage,
  config,
  takeRuns = true,
  threads: entries,
}: JobsOptions): Promise<Jobs> {
  const { db } = database;
  const log = createLogger('jobs');
  const host = thisHost(config.dataDir);
  const threads = await startThreads({
    storageRoot: storage.root,
    adapter: config.adapter,
    ...(entries && { entries }),
  });
  const retention = new Retention({ db, storage, forget: (digest) => forgetModel(threads, digest) });
  await retention.collectGarbage(await databaseIdentity(database));
  const notifier = new Notifier();
  const orphans = await interruptOrphans(database, host);
  if (orphans.runs.length + orphans.jobs.length > 0) log.warn(orphans, 'work of an earlier process was interrupted');

  const shared = database.kind === 'postgres';
  const queue = new RunQueue({ db, storage, host, shared, log });
  const worker = new RunWorker({ db, storage, retention, threads, notifier, log }, takeRuns ? queue : undefined);
  const background = new BackgroundJobs({ db, host, notifier, log });
  const mine = () => ({ runs: worker.running(), jobs: background.running() });
  const reaper = startReaper({ db, log, mine, wake: (id) => notifier.wake(id) });
  const control = { database, storage, notifier, worker, adapter: threads.adapter };
  const unwatch = shared && takeRuns ? watchOtherHosts({ worker, notifier }) : () => {};
  let stopped: Promise<void> | undefined;

  /** Marks the work that did not end in time as INTERRUPTED; what it still writes is refused. */
  async function leave(): Promise<void> {
    log.warn(mine(), 'running work did not stop in time: it is interrupted, and its threads are ended by force');
    const marked = Promise.all([worker.leave(), background.leave()]);
    if (!(await endsWithin(leavingMs, marked)))
      log.error('interrupted work could not be marked; the next start does it');
  }

  async function stop(graceMs: number): Promise<void> {
    const until = Date.now() + graceMs;
    unwatch();
    const work = Promise.all([worker.stop(), background.stop(), reaper.stop()]);
    const inTime = await endsWithin(Math.max(0, graceMs - closingMs), work);
    // First of all the marks: a device thread that is ended by force in the middle of its work may take the process
    // with it.
    if (!inTime) await leave();
    const patience = inTime ? Math.max(closingMs, until - Date.now()) : 0;
    const ended = Promise.all([threads.close(patience), work]);
    const bound = inTime ? patience + leavingMs : closingMs - leavingMs;
    if (!(await endsWithin(bound, ended))) log.warn('a thread or work does not end and is left behind');
    notifier.close();
  }

  worker.wake();
  return {
    retention,
    cpu: threads.cpu,
    device: threads.device,
    devices: () => [threads.adapter],
    enqueueRun: (tx, runId) => enqueueRun(control, tx, runId),
    cancelRun: (runId) => cancelRun(control, runId),
    resumeRun: (runId, options) => resumeRun(control, runId, options),
    runEvents: (runId, options) => streamRunEvents(db, notifier, runId, options),
    startJob: (kind, request, work) => background.startJob(kind, request, work),
    cancelJob: (jobId) => background.cancel(jobId),
    jobEvents: (jobId, options) => background.events(jobId, options?.signal),
    stop: ({ graceMs = 10_000 } = {}) => {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}
