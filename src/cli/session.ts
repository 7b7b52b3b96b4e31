/**
 * The service of one command: the running one, else one that is started for the command. For a model folder that is a
 * private service in a temporary data folder; for a checkpoint it opens the data folder and leaves queued jobs alone.
 *
 * A running service is asked for a model folder too (running-service.ts), although a private one would be simpler:
 * its start takes four to six seconds longer on two cores (docs/results.md, "Commands of a foreign folder").
 */
import { constants, kMaxLength } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import type { Command } from 'commander';
import type { TandemClient } from '../client/index.ts';
import type { Config } from '../config.ts';
import { notFound } from '../errors.ts';
import { setLogDefaults } from '../log.ts';
import type { RunningTandem } from '../main.ts';
import { clientOf, configOf, findServer, type GlobalOptions } from './connect.ts';
import type { Part } from './lend-folder.ts';
import { withRunning } from './running-service.ts';
import { startRemover } from './start-remover.ts';
import { forThisProcess, startService } from './start-service.ts';
import type { Session } from './types.ts';

/** Runs `work` with a service. `model` is a folder, of which `part` is read, or names a checkpoint. */
export async function withService<T>(
  command: Command,
  { model, part }: { readonly model: string; readonly part: Part },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const folder = await folderOf(model);
  const server = await findServer(command);
  const guest = `command ${randomUUID()}`;
  if (server !== undefined) {
    return folder === undefined
      ? work({ client: clientOf(server), folder, guest })
      : withRunning(server, { folder, guest, part }, work);
  }
  const config = configOf(command.optsWithGlobals<GlobalOptions>());
  if (folder === undefined) return withStarted(await existing(config, model), { folder, guest }, work);
  return withPrivate(config, { folder, guest }, work);
}

/** Runs `work` with a client of the running service, else of a private one, which has nobody's data. */
export async function withAnyService<T>(command: Command, work: (client: TandemClient) => Promise<T>): Promise<T> {
  const server = await findServer(command);
  if (server !== undefined) return work(clientOf(server));
  const config = configOf(command.optsWithGlobals<GlobalOptions>());
  return withPrivate(config, { folder: undefined, guest: '' }, ({ client }) => work(client));
}

/**
 * Runs `work` with a client of the service that runs on the data folder, else of one that opens it for the command.
 * With `creates` the folder is made where there is none.
 */
export async function withDataFolder<T>(
  command: Command,
  work: (client: TandemClient) => Promise<T>,
  { creates = false } = {},
): Promise<T> {
  const server = await findServer(command);
  if (server !== undefined) return work(clientOf(server));
  const config = configOf(command.optsWithGlobals<GlobalOptions>());
  if (!creates && !(await stat(config.dataDir).catch(() => undefined))) {
    throw notFound(`there is no data folder ${config.dataDir}`, {
      field: '--data',
      expected: 'the data folder of a service',
      remedy: 'correct the path, or name it with --data or TANDEM_DATA',
    });
  }
  return withStarted(config, { folder: undefined, guest: '' }, ({ client }) => work(client));
}

/** Runs `work` with a service in a temporary data folder. */
async function withPrivate<T>(
  config: Config,
  { folder, guest }: Omit<Session, 'client'>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-'));
  // Embedded database: DATABASE_URL may name one that people work with. It may read every folder that the caller can
  // read.
  const importDir = folder === undefined ? join(dataDir, 'import') : parse(folder).root;
  const own = { ...config, dataDir, importDir, databaseUrl: undefined, limits: ownLimits(config) };
  return withStarted(own, { folder, guest, temporary: dataDir }, work);
}

/** A private service has one client, so a text may be as long as this process can hold. */
const ownLimits = ({ limits }: Config) => ({
  ...limits,
  textCodePoints: constants.MAX_STRING_LENGTH,
  bodyBytes: kMaxLength,
});

async function folderOf(model: string): Promise<string | undefined> {
  const found = await stat(model).catch(() => undefined);
  if (found?.isDirectory()) return realpath(model);
  if (!/^\.{0,2}[\\/]/.test(model)) return undefined;
  throw notFound(`there is no folder ${model}`, {
    field: '--model',
    expected: 'a model folder, or the id, alias or name of a checkpoint',
    remedy: 'correct the path',
  });
}

/** The config if its data folder exists: a command that asks about a checkpoint does not create one. */
async function existing(config: Config, model: string): Promise<Config> {
  if (await stat(config.dataDir).catch(() => undefined)) return config;
  throw notFound(`there is neither a folder ${model} nor a data folder ${config.dataDir} with such a checkpoint`, {
    field: '--model',
    expected: 'a model folder, or the id, alias or name of a checkpoint',
    remedy: 'correct the path, or name the data folder with --data',
  });
}

interface Started extends Omit<Session, 'client'> {
  /** Removed at the end. */
  readonly temporary?: string;
}

/** Bounds the wait for threads on a busy machine; no run is interrupted. */
const graceMs = 60_000;
/** After a signal, where a data folder is open. */
const graceOfSignalMs = 10_000;

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function withStarted<T>(
  config: Config,
  { folder, guest, temporary }: Started,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const remover = temporary === undefined ? undefined : startRemover({ folder: temporary });
  let tandem: RunningTandem | undefined;
  const clear = async (grace: number): Promise<void> => {
    await tandem?.close({ graceMs: grace });
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    remover?.kill();
  };
  const stop = (signal: NodeJS.Signals): void => {
    // A private service has nothing to save, and the remover deletes its folder. The handler was removed by `once`,
    // so the repeated signal ends this process.
    if (remover) process.kill(process.pid, signal);
    else void clear(graceOfSignalMs).finally(() => process.exit(130));
  };
  for (const name of stopSignals) process.once(name, stop);
  try {
    setLogDefaults({ level: 'error', format: 'text' });
    // In a data folder of people's it answers one question, and begins none of the work that waits there.
    const own = forThisProcess(config);
    tandem = await startService({ ...own, port: 0 }, { claims: temporary !== undefined });
    return await work({ client: clientOf({ url: tandem.url, key: own.access.adminKey }), folder, guest });
  } finally {
    await clear(graceMs);
    for (const name of stopSignals) process.removeListener(name, stop);
  }
}
