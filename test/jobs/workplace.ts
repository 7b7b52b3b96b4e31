/**
 * A data folder with a database, storage and jobs whose threads are those of test/jobs/threads. The database is PGlite,
 * or the Postgres of DATABASE_URL_TEST where that is set.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/open.ts';
import type { RunEventData, Use } from '../../src/db/schema/types.ts';
import { type JobEventRow, type JobRow, type RunRow, runStarts, type StageStart } from '../../src/db/schema.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { type JobStreamItem, type Jobs, type JobsOptions, openJobs } from '../../src/jobs/jobs.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { openTestDatabase, postgresUrl } from '../db/database.ts';
import { digestOf, insertRun } from '../db/rows.ts';
import { probeKinds, type Work, works } from './probe.ts';

const thread = (name: string): string => fileURLToPath(new URL(`threads/${name}.mjs`, import.meta.url));
const testThreads = { cpu: thread('cpu'), device: thread('device') };

interface Behaviour {
  /** A resume is refused as by other versions of Tandem, unless another adapter is allowed. */
  readonly otherVersion?: boolean;
  readonly stepMs?: number;
  readonly deafMs?: number;
  /** Waits after this step until it is stopped. */
  readonly holdAt?: number;
  readonly failAt?: number;
  readonly exitAt?: number;
  readonly cpuExits?: boolean;
  /** By the first mode of the pooling: a derivation waits until it is stopped, or fails with this code. */
  readonly derivations?: Readonly<Record<string, 'waits' | ErrorCode>>;
}

export interface Workplace {
  readonly dataDir: string;
  readonly config: Config;
  readonly database: Database;
  readonly storage: Storage;
  readonly jobs: Jobs;
  /** The lines that jobs logged. */
  logged(): readonly Readonly<Record<string, unknown>>[];
  behave(behaviour: Behaviour): Promise<void>;
  startRun(settings?: Partial<RunSettings>): Promise<RunRow>;
  /** Runs of one model, each a stage behind the one before. */
  startStages(...stages: readonly Stage[]): Promise<readonly RunRow[]>;
  /** Begins a job that does `work`; the same key with other work finds the first job, which does the new work. */
  startJob(work: Work, options?: StartOptions): Promise<StartedJob>;
  /** Ends jobs as a stopping server does and opens them again. */
  restartJobs(options?: { readonly graceMs?: number; readonly claims?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** Settings, and which checkpoint of the run before it a stage starts from; default the last. */
type Stage = Partial<RunSettings> & { readonly from?: StageStart };

interface StartOptions {
  readonly key?: string;
  readonly kind?: keyof typeof probeKinds;
  readonly uses?: readonly Use[];
}

interface StartedJob {
  readonly job: JobRow;
  /** Resolves to the id of what the work made; rejects as a caller is told. Need not be awaited. */
  readonly done: Promise<string | null>;
}

/** With `shared`, jobs take the database for one that other hosts use too, whichever it is. */
export async function openWorkplace({ shared = false } = {}): Promise<Workplace> {
  const opened = await openTestDatabase(postgresUrl ? 'postgres' : 'pglite');
  const database = shared ? { ...opened, kind: 'postgres' as const } : opened;
  const { dataDir } = database;
  const storage = openStorage(dataDir);
  // What the rows of test/db/rows.ts name.
  for (const [kind, text] of [
    ['models', 'theta_0'],
    ['datasets', 'records'],
  ] as const) {
    await mkdir(storage.path(kind, digestOf(text)), { recursive: true });
  }
  const config = { ...loadConfig({ TANDEM_DATA: dataDir }), adapter: 'auto' } as const;
  const lines: string[] = [];
  const log = pino({ name: 'jobs' }, { write: (line) => void lines.push(line) });
  const fixed = { database, storage, config, threads: testThreads, furtherKinds: probeKinds, log };
  const open = (options: Pick<JobsOptions, 'claims'> = {}) => openJobs({ ...fixed, ...options });
  let jobs = await open();
  return {
    dataDir,
    database,
    config,
    storage,
    get jobs() {
      return jobs;
    },
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    behave: (behaviour) => writeFile(join(dataDir, 'behaviour.json'), JSON.stringify(behaviour)),
    startRun: (settings = {}) =>
      database.db.transaction(async (tx) => {
        const id = randomUUID();
        await jobs.submitRun(tx, id);
        return insertRun(tx, settings, id);
      }),
    startStages: (...stages) =>
      database.db.transaction(async (tx) => {
        const made: RunRow[] = [];
        for (const { from = 'last', ...own } of stages) {
          const [id, before] = [randomUUID(), made.at(-1)];
          await jobs.submitRun(tx, id, { after: before?.id ?? null });
          made.push(await insertRun(tx, own, id, before?.modelId));
          if (before) await tx.insert(runStarts).values({ runId: id, afterId: before.id, choice: from });
        }
        return made;
      }),
    async startJob(work, { key, kind = 'probe', uses = [] } = {}) {
      const name = key ?? randomUUID();
      works.set(name, work);
      const submit = jobs.submit as (kind: string, request: object) => Promise<JobRow>;
      const job = await submit(kind, { input: { work: name, uses }, ...(key && { idempotencyKey: key }) });
      const done = jobs.outcome(job.id).then(({ resultId }) => resultId);
      done.catch(() => {});
      return { job, done };
    },
    async restartJobs(options) {
      await jobs.stop(options);
      jobs = await open(options);
    },
    async close() {
      await jobs.stop();
      await database.close();
    },
  };
}

/** Weights after so many updates of the hash chain, computed here. */
export function chainValue(model: string, seed: number, steps: number): string {
  let value = digestOf(`${model}${seed}`);
  for (let step = 0; step < steps; step++) value = digestOf(value);
  return value;
}

export const isEvent = (item: JobStreamItem): item is JobEventRow => item.type !== 'heartbeat';

/** States in which a run may tell more. */
export const openRun = ['QUEUED', 'RUNNING', 'INTERRUPTED'] as const;

/** Reads a run's events until `done` says so or the stream ends. */
export async function readEvents(
  { jobs }: Pick<Workplace, 'jobs'>,
  runId: string,
  { after = 0, until = () => false }: { after?: number; until?: (data: RunEventData) => boolean } = {},
): Promise<JobEventRow[]> {
  const events: JobEventRow[] = [];
  for await (const item of jobs.events(runId, { after, open: openRun })) {
    if (!isEvent(item)) continue;
    events.push(item);
    if (until(item.data as RunEventData)) break;
  }
  return events;
}

export const statesOf = (events: readonly JobEventRow[]): string[] =>
  events.flatMap(({ data }) => (data.type === 'state' ? [data.state] : []));
