/**
 * Work that outlives a request: training runs, and long tasks as rows of `jobs`. Called by services/; the only layer that
 * talks to the worker threads and the only writer of running work. It does not know GraphQL and never loads Dawn.
 */

import type { Command, CpuCommands, DeviceCommands } from '../../workers/protocol.ts';
import type { Database, Transaction } from '../db/open.ts';
import type { JobProgress } from '../db/schema/types.ts';
import type { JobKind, JobRow, RunEventRow, RunRow } from '../db/schema.ts';
import type { AdapterReport } from '../gpu/types.ts';

export interface CallOptions<Event> {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: Event) => void;
  readonly transfer?: readonly ArrayBuffer[];
}

/** Typed calls of one thread's commands; `storageRoot` is added by jobs/. */
export interface Thread<Commands extends { [Name in keyof Commands]: Command<unknown, unknown, unknown> }> {
  call<Name extends keyof Commands>(
    name: Name,
    input: Omit<Commands[Name]['input'], 'storageRoot'>,
    options?: CallOptions<Commands[Name]['event']>,
  ): Promise<Commands[Name]['output']>;
}

/** Sent when a run has been silent for 15 s. Not kept, no seq of its own: `seq` is the last one delivered. */
export interface RunHeartbeat {
  readonly type: 'heartbeat';
  readonly runId: string;
  readonly seq: number;
  readonly createdAt: Date;
}

export type RunStreamItem = RunEventRow | RunHeartbeat;

export interface JobContext {
  readonly jobId: string;
  /** Aborts when the job is cancelled or the process stops. */
  readonly signal: AbortSignal;
  /** Written at most every 250 ms; the last one always. */
  progress(progress: JobProgress): void;
}

export interface StartedJob {
  readonly job: JobRow;
  /** The id that the work returned; rejects with what it threw. Need not be awaited. */
  readonly done: Promise<string>;
}

export interface Jobs {
  readonly cpu: Thread<CpuCommands>;
  readonly device: Thread<DeviceCommands>;
  /** The adapters in use, as the device threads reported them at start. */
  devices(): readonly AdapterReport[];

  /** Makes a run that was just inserted (state QUEUED) start; in the caller's transaction, so both or none happen. */
  enqueueRun(tx: Transaction, runId: string): Promise<void>;
  /** Stops after the running micro-batch and keeps a checkpoint; resolves when the run is CANCELLED. */
  cancelRun(runId: string): Promise<RunRow>;
  /** Continues an INTERRUPTED or FAILED run from its last checkpoint that has a state (else from theta_0). */
  resumeRun(runId: string, options?: { readonly allowDifferentAdapter?: boolean }): Promise<RunRow>;
  /** Every event with seq > after, then those to come, ending after the terminal one (or when `signal` aborts). */
  runEvents(
    runId: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<RunStreamItem>;

  /**
   * Does long work with a row in `jobs`. `work` runs in this process, returns the id of what it made and writes that
   * itself in one short transaction. The same idempotency key again answers with the first job and does nothing.
   */
  perform(
    kind: JobKind,
    request: { readonly input: Readonly<Record<string, unknown>>; readonly idempotencyKey?: string },
    work: (context: JobContext) => Promise<string>,
  ): Promise<StartedJob>;
  cancelJob(jobId: string): Promise<JobRow>;
  /** The row now and after each change, ending after the final state. */
  jobEvents(jobId: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<JobRow>;

  /** Interrupts running work with a checkpoint and ends the threads, within graceMs (default 10 s). */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface JobsOptions {
  readonly database: Database;
  /** <dataDir>: root of storage/. */
  readonly storageRoot: string;
  /** Entry points of the threads; other ones only in tests. */
  readonly threads?: { readonly cpu?: string; readonly device?: string };
}
