/**
 * A data folder with a database, storage and jobs whose threads are those of test/jobs/threads. The database is PGlite,
 * or the Postgres of DATABASE_URL_TEST where that is set.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../src/db/open.ts';
import type { RunEventData } from '../../src/db/schema/types.ts';
import type { RunEventRow, RunRow } from '../../src/db/schema.ts';
import { type Jobs, openJobs, type RunStreamItem } from '../../src/jobs/jobs.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { openTestDatabase, postgresUrl } from '../db/database.ts';
import { digestOf, insertRun } from '../db/rows.ts';

const thread = (name: string): string => fileURLToPath(new URL(`threads/${name}.mjs`, import.meta.url));
const testThreads = { cpu: thread('cpu'), device: thread('device') };

interface Behaviour {
  /** A resume is refused as by other versions of Tandem, unless another adapter is allowed. */
  readonly otherVersion?: boolean;
  readonly stepMs?: number;
  readonly deafMs?: number;
  readonly failAt?: number;
  readonly exitAt?: number;
  readonly cpuExits?: boolean;
}

export interface Workplace {
  readonly dataDir: string;
  readonly database: Database;
  readonly storage: Storage;
  readonly jobs: Jobs;
  behave(behaviour: Behaviour): Promise<void>;
  startRun(settings?: Partial<RunSettings>): Promise<RunRow>;
  /** Ends jobs as a stopping server does and opens them again. */
  restartJobs(options?: { readonly graceMs?: number; readonly takeRuns?: boolean }): Promise<void>;
  close(): Promise<void>;
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
  const open = ({ takeRuns = true } = {}) =>
    openJobs({ database, storage, config: { dataDir, adapter: 'auto' }, threads: testThreads, takeRuns });
  let jobs = await open();
  return {
    dataDir,
    database,
    storage,
    get jobs() {
      return jobs;
    },
    behave: (behaviour) => writeFile(join(dataDir, 'behaviour.json'), JSON.stringify(behaviour)),
    startRun: (settings = {}) =>
      database.db.transaction(async (tx) => {
        const run = await insertRun(tx, settings);
        await jobs.enqueueRun(tx, run.id);
        return run;
      }),
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

export const isEvent = (item: RunStreamItem): item is RunEventRow => item.type !== 'heartbeat';

/** Reads a run's events until `done` says so or the stream ends. */
export async function readEvents(
  { jobs }: Pick<Workplace, 'jobs'>,
  runId: string,
  { after = 0, until = () => false }: { after?: number; until?: (data: RunEventData) => boolean } = {},
): Promise<RunEventRow[]> {
  const events: RunEventRow[] = [];
  for await (const item of jobs.runEvents(runId, { after })) {
    if (!isEvent(item)) continue;
    events.push(item);
    if (until(item.data)) break;
  }
  return events;
}

export const statesOf = (events: readonly RunEventRow[]): string[] =>
  events.flatMap(({ data }) => (data.type === 'state' ? [data.state] : []));
