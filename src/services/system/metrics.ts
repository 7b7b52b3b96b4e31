/** GET /metrics: what this process counted, and what is looked up when it is asked. */
import { performance } from 'node:perf_hooks';
import { inArray, sql } from 'drizzle-orm';
import { packageVersion } from '../../assets.ts';
import { type JobState, jobs } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { jobKindCatalog } from '../../jobs/kinds/catalog.ts';
import { instruments } from '../../observe/metrics.ts';
import { exposition, type Family, type MetricType, type Sample } from '../../observe/registry.ts';
import { endsWithin } from '../../within.ts';
import type { Tandem } from '../tandem.ts';

/** A part that does not answer leaves its figures out; Prometheus gives up after 10 s. */
const patienceMs = 2_000;

/** In Prometheus' text format. Never rejects: what cannot be looked up is left out, and `tandem_part_up` says so. */
export async function metricsText(tandem: Tandem): Promise<string> {
  const [queue, memory] = await Promise.all([
    answered(jobFamilies(tandem)),
    answered(tandem.jobs.device.call('memory', {})),
  ]);
  return exposition([
    ...aboutProcess(tandem),
    ...instruments.map((instrument) => instrument.family()),
    partsUp(tandem, queue !== undefined),
    ...(queue ?? []),
    ...poolFamilies(tandem),
    ...(memory ? memoryFamilies(memory) : []),
  ]);
}

/** Undefined where it fails or takes too long. */
async function answered<T>(work: Promise<T>): Promise<T | undefined> {
  const settled = work.catch(() => undefined);
  return (await endsWithin(patienceMs, settled)) ? settled : undefined;
}

const family = (name: string, type: MetricType, help: string, samples: readonly Sample[]): Family => ({
  ...{ name, type, help, samples },
});
const single = (name: string, type: MetricType, help: string, value: number): Family =>
  family(name, type, help, [{ labels: {}, value }]);

function aboutProcess({ jobs: { devices }, database, startedAt }: Tandem): Family[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const [adapter] = devices();
  invariant(adapter, 'no device thread runs');
  const labels = {
    ...{ version: packageVersion(), node: process.version, database: database.kind },
    ...{ adapter: adapter.name, adapter_type: adapter.type },
  };
  return [
    family('tandem_build_info', 'gauge', 'Versions, and what computes; always 1.', [{ labels, value: 1 }]),
    single(
      'process_start_time_seconds',
      'gauge',
      'When the service started, in seconds since 1970.',
      startedAt.getTime() / 1_000,
    ),
    single(
      'process_cpu_seconds_total',
      'counter',
      'Processor time of all threads of the process.',
      (user + system) / 1e6,
    ),
    single('process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', rss),
    single('nodejs_heap_used_bytes', 'gauge', "The main thread's heap in use.", heapUsed),
    single('nodejs_external_memory_bytes', 'gauge', "The main thread's memory outside of its heap.", external),
    single(
      'tandem_event_loop_active_seconds_total',
      'counter',
      'Time in which the event loop of the main thread was not idle.',
      performance.eventLoopUtilization().active / 1_000,
    ),
  ];
}

function partsUp({ jobs: { cpu, device }, database }: Tandem, databaseAnswers: boolean): Family {
  const parts = {
    'cpu thread': cpu.death === undefined,
    'device thread': device.death === undefined,
    database: database.death === undefined && databaseAnswers,
  };
  const samples = Object.entries(parts).map(([part, up]) => ({ labels: { part }, value: up ? 1 : 0 }));
  return family(
    'tandem_part_up',
    'gauge',
    'Whether a part works: 1, or 0 where it has ended or does not answer.',
    samples,
  );
}

const openStates = ['QUEUED', 'RUNNING', 'INTERRUPTED'] as const satisfies readonly JobState[];

/** From the database, so on every host that shares it the same. */
async function jobFamilies({ database: { db } }: Tandem): Promise<Family[]> {
  const rows = await db
    .select({
      ...{ kind: jobs.kind, state: jobs.state },
      count: sql<number>`count(*)::int`,
      waiting: sql<number>`extract(epoch from now() - min(${jobs.createdAt}))::float8`,
    })
    .from(jobs)
    .where(inArray(jobs.state, [...openStates]))
    .groupBy(jobs.kind, jobs.state);
  const counts = jobKindCatalog.flatMap(({ name: kind }) =>
    openStates.map((state): Sample => {
      const found = rows.find((row) => row.kind === kind && row.state === state);
      return { labels: { kind, state }, value: found?.count ?? 0 };
    }),
  );
  const oldest = Math.max(0, ...rows.filter(({ state }) => state === 'QUEUED').map(({ waiting }) => waiting));
  return [
    family('tandem_jobs', 'gauge', 'Jobs that have not ended, by kind and state.', counts),
    single(
      'tandem_jobs_oldest_queued_seconds',
      'gauge',
      'Since when the oldest queued job waits, 0 where none does.',
      oldest,
    ),
  ];
}

function poolFamilies({ database: { pool } }: Tandem): Family[] {
  const { totalCount, idleCount, waitingCount, options } = pool;
  const samples = [
    { labels: { state: 'used' }, value: totalCount - idleCount },
    { labels: { state: 'idle' }, value: idleCount },
  ];
  return [
    family('tandem_database_pool_connections', 'gauge', 'Connections to the database, by state.', samples),
    single('tandem_database_pool_connections_limit', 'gauge', 'The most connections to the database.', options.max),
    single('tandem_database_pool_waiting', 'gauge', 'What waits for a connection to the database.', waitingCount),
  ];
}

interface Memory {
  readonly persistent: number;
  readonly pooled: number;
  readonly peak: number;
  readonly most: number | null;
}

function memoryFamilies({ persistent, pooled, peak, most }: Memory): Family[] {
  const held = [
    { labels: { use: 'persistent' }, value: persistent },
    { labels: { use: 'pooled' }, value: pooled },
  ];
  const limit = 'The most bytes that tensors may take on the device; absent where nothing but the memory limits them.';
  return [
    family(
      'tandem_device_memory_bytes',
      'gauge',
      'Bytes of tensors on the device: weights, and scratch buffers.',
      held,
    ),
    single(
      'tandem_device_memory_peak_bytes',
      'gauge',
      'The most bytes of tensors that were on the device at once.',
      peak,
    ),
    ...(most === null ? [] : [single('tandem_device_memory_limit_bytes', 'gauge', limit, most)]),
  ];
}
