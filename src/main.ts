/**
 * Starts and stops the whole service. The only module that knows every layer of the main thread. Called by the
 * command line and by tests; it installs no signal handlers and never ends the process.
 */
import { mkdir } from 'node:fs/promises';
import type { Config } from './config.ts';
import { openDatabase } from './db/open.ts';
import { databaseError } from './db/refusals.ts';
import { diskError, startOnFullDisk } from './disk-full.ts';
import { createGraphQLServer } from './graphql/server.ts';
import { removePortFile, writePortFile } from './http/port-file.ts';
import { startHttp } from './http/server.ts';
import { openJobs } from './jobs/jobs.ts';
import { createLogger, type Logger } from './log.ts';
import { watchEventLoop } from './observe/metrics.ts';
import { startTracing } from './observe/otel.ts';
import { createOpenAiApi } from './openai/api.ts';
import { randomHex } from './server-proof.ts';
import { openAccess } from './services/access/access.ts';
import { adminHolds } from './services/access/keys.ts';
import { openChanges } from './services/changes/changes.ts';
import { probesOf } from './services/system/health.ts';
import type { Tandem } from './services/tandem.ts';
import { createUploads } from './services/uploads/uploads.ts';
import { keepPrivate, privateMode } from './storage/private-folders.ts';
import { openStorage } from './storage/storage.ts';
import { endsWithin } from './within.ts';

export interface RunningTandem {
  /** For example http://127.0.0.1:4000 */
  readonly url: string;
  /** Interrupts running work with a checkpoint, ends streams, closes the database. Within graceMs (default 10 s). */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface StartOptions {
  readonly logger?: Logger;
  /** False for a process that ends after one request: it would begin queued jobs only to leave them again. */
  readonly claims?: boolean;
}

type Closer = (graceMs: number) => Promise<void>;

/** Reserved of the grace period for closing streams, the database and the lock. */
const closingMs = 1_500;

/** Starts all parts in order; if one fails to start, those before it are closed again and the error is thrown. */
export async function startTandem(config: Config, options: StartOptions = {}): Promise<RunningTandem> {
  const logger = options.logger ?? createLogger('tandem');
  const closers: Closer[] = [];
  let closed: Promise<void> | undefined;
  const close = ({ graceMs = 10_000 } = {}): Promise<void> => {
    closed ??= closeAll(closers, graceMs, logger);
    return closed;
  };
  try {
    const { url, tandem } = await open(config, { ...options, logger }, closers);
    announce(tandem, url, logger);
    return { url, close };
  } catch (error) {
    await close();
    throw diskError(error, startOnFullDisk) ?? databaseError(error) ?? error;
  }
}

async function open(
  config: Config,
  { logger, claims = true }: StartOptions & { readonly logger: Logger },
  closers: Closer[],
): Promise<{ url: string; tandem: Tandem }> {
  const stopTracing = await startTracing('main');
  closers.push(stopTracing);
  const stopWatching = watchEventLoop();
  closers.push(async () => stopWatching());
  const database = await openDatabase(config);
  closers.push(() => database.close());
  const storage = openStorage(config.dataDir);
  await storage.clean();
  await mkdir(config.importDir, { recursive: true, mode: privateMode });
  const uploads = createUploads({ config, database });
  await uploads.clean();
  for (const { path, mode, error } of await keepPrivate(config.dataDir)) {
    logger.warn({ path, mode, error }, 'other users of this machine may look into this folder: take their rights away');
  }
  const jobs = await openJobs({ database, storage, config, claims });
  closers.push((graceMs) => jobs.stop({ graceMs: Math.max(0, graceMs - closingMs) }));
  const changes = openChanges({ database, log: logger });
  closers.push(() => changes.stop());
  const access = openAccess({ database, config, log: logger });
  closers.push(() => access.stop());
  const tandem: Tandem = { config, database, storage, jobs, access, changes, startedAt: new Date() };
  const { bodyBytes } = config.limits;
  const [graphql, probes] = [createGraphQLServer(tandem, logger), probesOf(tandem)];
  const openai = createOpenAiApi(tandem, logger);
  const secret = randomHex();
  const http = await startHttp({
    graphql,
    openai,
    uploads,
    access,
    probes,
    secret,
    port: config.port,
    settings: config.access,
    bodyBytes,
    logger,
  });
  closers.push(async (graceMs) => {
    // New requests are refused first; streams stay open until the runs have reported that they were interrupted.
    http.drain();
    await jobs.stop({ graceMs: Math.max(0, graceMs - closingMs) });
    await changes.stop();
    await http.close();
  });
  const { auth, adminKey } = config.access;
  if (auth === 'required' && adminKey === undefined && !(await adminHolds(database.db))) {
    logger.warn(
      'every request needs an API key, and no admin has one: stop, make one by `tandem key create`, start again',
    );
  }
  await writePortFile(config.dataDir, { url: http.url, secret });
  closers.push(() => removePortFile(config.dataDir));
  return { url: http.url, tandem };
}

/** The least time for each part, however long the parts before it took. */
const leastMs = 500;

/** Closes in reverse order of opening; a part that fails to close or hangs does not keep the others open. */
async function closeAll(closers: readonly Closer[], graceMs: number, logger: Logger): Promise<void> {
  const until = Date.now() + graceMs;
  for (const close of [...closers].reverse()) {
    const left = Math.max(leastMs, until - Date.now());
    const inTime = await endsWithin(left, close(left)).catch((error: unknown) => {
      logger.error({ err: error }, 'closing failed');
      return true;
    });
    if (!inTime) logger.error({ graceMs }, 'a part did not close in time and is left behind');
  }
}

function announce({ jobs, database, config }: Tandem, url: string, logger: Logger): void {
  const [adapter] = jobs.devices();
  const { kind, version } = database;
  logger.info({ url, data: config.dataDir, database: `${kind} ${version.server}`, adapter: adapter?.name }, 'started');
  if (adapter?.software)
    logger.info({ threads: adapter.limits['threads'], notice: adapter.notice }, 'the CPU computes');
}
