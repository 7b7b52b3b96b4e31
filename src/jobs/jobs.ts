/**
 * Durable work: opens the threads and the engine, and takes up what an earlier process left. Called by services/; the
 * only layer that talks to the worker threads and the only writer of running work. It does not know GraphQL and never
 * loads Dawn.
 */
import type { CpuCommands, DeviceCommands } from '../../workers/protocol.ts';
import type { Config } from '../config.ts';
import { databaseIdentity } from '../db/identity.ts';
import type { Database, Db, Transaction } from '../db/open.ts';
import { type JobRow, type JobState, liveStates } from '../db/schema.ts';
import type { AdapterReport } from '../device/types.ts';
import { invariant } from '../errors.ts';
import { Notifier } from '../live/notifier.ts';
import { createLogger, type Logger } from '../log.ts';
import { Retention } from '../retention/retention.ts';
import type { Storage } from '../storage/storage.ts';
import type { InputOf, JobKinds } from './define.ts';
import { ownTablesDispatcher } from './dispatch/own-tables.ts';
import type { Dispatcher } from './dispatch/types.ts';
import { endEarlierAttempts, startReaper } from './engine/deaths.ts';
import { Engine } from './engine/engine.ts';
import { JobFiles } from './engine/files.ts';
import { thisHost } from './engine/host.ts';
import { type JobStreamItem, jobLogs, streamJobEvents } from './engine/stream.ts';
import type { JobKind } from './kinds/catalog.ts';
import { type Payload, releasePayloads, storePayload } from './kinds/common/payload.ts';
import { jobKinds } from './kinds/index.ts';
import { stopJobs } from './stop.ts';
import { forgetModel, startThreads, type Thread, type ThreadSettings, type Threads } from './threads/threads.ts';
import { resumeRun, resumeSearch } from './training/resume.ts';

export type { JobStreamItem } from './engine/stream.ts';

export type SubmitInput<Kind extends JobKind> = InputOf<(typeof jobKinds)[Kind]>;

export interface Jobs {
  readonly cpu: Thread<CpuCommands>;
  readonly device: Thread<DeviceCommands>;
  /** Which folders of storage stay; every write or deletion of rows that name folders goes through it. */
  readonly retention: Retention;
  /** Id of this host's data folder, as `jobs.place` names it. */
  readonly place: string;
  /** The adapters in use, as the device threads reported them at start. */
  devices(): readonly AdapterReport[];

  /**
   * Queues a job; resolves once it is durable. The same idempotency key again finds the first job, which begins again
   * if it ended without a result.
   */
  submit<Kind extends JobKind>(
    kind: Kind,
    request: {
      readonly input: SubmitInput<Kind>;
      /** A part of the input that is too large for a row; the input says its digest, and its uses name it. */
      readonly payload?: Payload | undefined;
      readonly idempotencyKey?: string | undefined;
    },
  ): Promise<JobRow>;
  /**
   * Queues the job of a new run, which has its id; in the caller's transaction, before the run's row. With `after` it
   * waits for the run of that id, which was made in this transaction too, to succeed.
   */
  submitRun(tx: Transaction, runId: string, options?: { readonly after?: string | null }): Promise<void>;
  /**
   * Queues the job of a new search for a fusion, likewise. It begins again by itself after a stop or the death of its
   * process: its rows are there for whoever looks at the search.
   */
  submitSearch(tx: Transaction, searchId: string, input: SubmitInput<'search-fusion'>): Promise<void>;
  /** Queues a job again that ended without a result, where it may begin again; any other stays as it is. */
  goOn(tx: Transaction, jobId: string): Promise<void>;
  /** The same of a search over architectures, which people resume, as they do its runs. */
  submitArchitectureSearch(tx: Transaction, searchId: string, input: SubmitInput<'search-architecture'>): Promise<void>;
  /** Continues a search over architectures that was INTERRUPTED between rungs: it is QUEUED again. */
  resumeSearch(searchId: string): Promise<void>;
  /** Resolves to the job once it has SUCCEEDED; throws the error with which it ended otherwise. */
  outcome(jobId: string): Promise<JobRow>;
  /** What keeps ends of jobs (`jobId`) from being written, or queued ones (null) from being begun, at the moment. */
  troubles(): readonly { readonly jobId: string | null; readonly error: unknown }[];
  /** Stops a job where it runs, on this host or another; resolves when it has ended. */
  cancel(jobId: string): Promise<JobRow>;
  /** Continues an INTERRUPTED run from its last checkpoint: it is QUEUED again. */
  resumeRun(runId: string, options?: { readonly allowDifferentAdapter?: boolean }): Promise<void>;
  /**
   * Every event with seq > after, then those to come; ends when all is told of a job whose state is not among `open`,
   * when aborted, and when jobs stop.
   */
  events(
    jobId: string,
    options?: {
      readonly after?: number;
      readonly signal?: AbortSignal;
      readonly heartbeatMs?: number;
      readonly open?: readonly JobState[];
    },
  ): AsyncIterable<JobStreamItem>;

  /** Ends running work in order, then streams and threads, within graceMs (default 10 s). */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface JobsOptions {
  readonly database: Database;
  readonly storage: Storage;
  readonly config: Pick<Config, 'dataDir' | 'importDir' | 'adapter' | 'threads' | 'simd' | 'hub'>;
  /** Whether this process works on jobs. Without it queued ones stay so, for a process that is there to end them. */
  readonly claims?: boolean;
  /** In place of our own tables. */
  readonly dispatcher?: (context: { readonly db: Db }) => Dispatcher;
  /** Kinds besides those of the catalog; only in tests. */
  readonly furtherKinds?: JobKinds;
  /** Entry points of the threads; other ones only in tests. */
  readonly threads?: ThreadSettings['entries'];
  /** Another one only in tests. */
  readonly log?: Logger;
}

/** Hosts that share a Postgres look for what the others queue and tell: LISTEN fails behind some poolers. */
const lookEveryMs = 2_000;

/** Starts the threads, ends what a dead process left and takes up queued jobs. */
export async function openJobs(options: JobsOptions): Promise<Jobs> {
  const { storage, config, threads: entries } = options;
  const { adapter, threads: computing, simd } = config;
  const settings = { storageRoot: storage.root, adapter, threads: computing, simd };
  const threads = await startThreads({ ...settings, ...(entries && { entries }) });
  try {
    return await openWith(threads, options);
  } catch (error) {
    await threads.close(1_000);
    throw error;
  }
}

async function openWith(threads: Threads, options: JobsOptions): Promise<Jobs> {
  const { database, storage, config, claims = true, furtherKinds } = options;
  const { log = createLogger('jobs') } = options;
  const kinds: JobKinds = { ...jobKinds, ...furtherKinds };
  const { db } = database;
  const { cpu, device, adapter } = threads;
  const retention = new Retention({ db, storage, forget: (digest) => forgetModel(threads, digest) });
  const notifier = new Notifier();
  const logs = jobLogs(db, notifier);
  const dispatcher = (options.dispatcher ?? ownTablesDispatcher)({ db });
  const host = thisHost(database.owner, config.dataDir);
  const shared = database.kind === 'postgres';
  const files = new JobFiles({ db, storage, log });
  const tools = { db, storage, retention, cpu, device, adapter, config, log };
  const engine = new Engine({ ...tools, dispatcher, notifier, host, kinds, files, threads, shared, claims });
  const deaths = { db, host, kinds, dispatcher, notifier, running: () => engine.worker.attempts() };
  const earlier = await endEarlierAttempts(deaths, database);
  await database.owner.settle();
  if (earlier.length > 0) log.warn({ jobs: earlier }, 'work of an earlier process was ended');
  await retention.collectGarbage(await databaseIdentity(database));

  const onEnded = (jobId: string): void => {
    notifier.wake(jobId);
    engine.worker.wake();
  };
  const reaper = startReaper({ ...deaths, log, onEnded });
  const look = (): void => {
    engine.worker.look();
    notifier.wakeAll();
  };
  const looking = shared ? setInterval(look, lookEveryMs).unref() : undefined;
  let stopped: Promise<void> | undefined;

  engine.worker.wake();
  return {
    ...{ retention, cpu, device, place: host.folder },
    devices: () => [adapter],
    submit: (kind, { payload, ...request }) => {
      const definition = kinds[kind];
      invariant(definition, `the kind ${kind} is not known`);
      if (!payload) return engine.submit(definition, request);
      // Under the lock, so that the payload is not removed before its job names it.
      const submitted = retention.recording(async () => {
        await storePayload(storage, payload);
        return engine.submit(definition, request);
      });
      // Nothing reads it where the request was refused, or repeats one that was answered.
      return submitted.finally(() => releasePayloads(tools, [{ kind: 'payload', id: payload.digest }]));
    },
    submitRun: async (tx, runId, options) =>
      void (await engine.submitIn(tx, jobKinds.train, runId, { runId }, options ?? {})),
    submitSearch: async (tx, id, input) =>
      void (await engine.submitIn(tx, jobKinds['search-fusion'], id, input, { idempotencyKey: `search ${id}` })),
    goOn: (tx, jobId) => engine.goOn(tx, jobId),
    submitArchitectureSearch: async (tx, searchId, input) =>
      void (await engine.submitIn(tx, jobKinds['search-architecture'], searchId, input, {})),
    resumeSearch: (searchId) => resumeSearch({ db, engine }, searchId),
    outcome: (jobId) => engine.outcome(jobId),
    troubles: () => engine.troubles(),
    cancel: (jobId) => engine.cancel(jobId),
    resumeRun: (runId, allowed) => resumeRun({ db, engine, files, adapter, shared }, runId, allowed),
    events: (jobId, { open = liveStates, ...rest } = {}) => streamJobEvents(logs, jobId, { ...rest, open }),
    stop: ({ graceMs = 10_000 } = {}) => {
      clearInterval(looking);
      stopped ??= stopJobs({ engine, reaper, threads, notifier, log }, graceMs);
      return stopped;
    },
  };
}
