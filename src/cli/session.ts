/**
 * A service for one command: the one that runs, else one that is started for the command and leaves nothing behind. For a
 * model folder that is a private one in a temporary data folder; for a checkpoint it opens the data folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { cp, mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { SystemDocument, type TandemClient } from '../client/index.ts';
import type { Config } from '../config.ts';
import { notFound } from '../errors.ts';
import { createLogger } from '../log.ts';
import { type RunningTandem, startTandem } from '../main.ts';
import { clientOf, configOf, findServer, type GlobalOptions } from './connect.ts';

export interface Session {
  readonly client: TandemClient;
  /** The model's folder as the service may read it; undefined = the model is a checkpoint of the service. */
  readonly folder: string | undefined;
}

/** `model` is a folder, or the id or alias of a checkpoint. */
export async function withService<T>(
  command: Command,
  model: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const folder = await folderOf(model);
  const url = await findServer(command);
  if (url !== undefined) return withRunning(clientOf(url), folder, work);
  const config = configOf(command.optsWithGlobals<GlobalOptions>());
  if (folder === undefined) return withStarted(await existing(config, model), { folder }, work);
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-'));
  // Its own embedded database too: DATABASE_URL may name one that people work with. It reads what the caller can read.
  const own = { ...config, dataDir, importDir: parse(folder).root, databaseUrl: undefined };
  return withStarted(own, { folder, temporary: dataDir }, work);
}

/** A running service reads nothing outside its import folder: the model is copied there meanwhile. */
async function withRunning<T>(
  client: TandemClient,
  folder: string | undefined,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (folder === undefined) return work({ client, folder });
  const { system } = await client.execute(SystemDocument, {});
  const name = `cli-${randomUUID()}`;
  const copy = join(system.importFolder, name);
  try {
    await cp(folder, copy, { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE, filter: isOfModel });
    return await work({ client, folder: name });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Not what other formats have beside the safetensors. */
const isOfModel = async (path: string): Promise<boolean> =>
  /\.(json|safetensors)$/.test(path) || (await stat(path)).isDirectory();

async function folderOf(model: string): Promise<string | undefined> {
  const found = await stat(model).catch(() => undefined);
  if (found?.isDirectory()) return realpath(model);
  if (!/^\.{0,2}[\\/]/.test(model)) return undefined;
  throw notFound(`there is no folder ${model}`, {
    field: '--model',
    expected: 'a model folder, or the id or alias of a checkpoint',
    remedy: 'correct the path',
  });
}

/** A data folder is not made for a question about what it holds. */
async function existing(config: Config, model: string): Promise<Config> {
  if (await stat(config.dataDir).catch(() => undefined)) return config;
  throw notFound(`there is neither a folder ${model} nor a data folder ${config.dataDir} with such a checkpoint`, {
    field: '--model',
    expected: 'a model folder, or the id or alias of a checkpoint',
    remedy: 'correct the path, or name the data folder with --data',
  });
}

interface Started {
  readonly folder: string | undefined;
  /** Removed at the end. */
  readonly temporary?: string;
}

/** Only bounds the wait for threads on a busy machine: nothing of worth is interrupted. */
const graceMs = 60_000;
/** After a signal, where a data folder is open. */
const graceOfSignalMs = 10_000;

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function withStarted<T>(
  config: Config,
  { folder, temporary }: Started,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const remover = temporary === undefined ? undefined : startRemover(temporary);
  let tandem: RunningTandem | undefined;
  const clear = async (grace: number): Promise<void> => {
    await tandem?.close({ graceMs: grace });
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    remover?.kill();
  };
  const stop = (signal: NodeJS.Signals): void => {
    // Nothing of a private service is worth the wait; the remover clears up. The handler is gone, so this one ends us.
    if (remover) process.kill(process.pid, signal);
    else void clear(graceOfSignalMs).finally(() => process.exit(130));
  };
  for (const name of stopSignals) process.once(name, stop);
  try {
    const logger = createLogger('tandem', process.env['TANDEM_LOG'] ?? 'error');
    tandem = await startTandem({ ...config, port: 0 }, { logger });
    return await work({ client: clientOf(tandem.url), folder });
  } finally {
    await clear(graceMs);
    for (const name of stopSignals) process.removeListener(name, stop);
  }
}

/** Removes the folder where this process cannot: when it is killed. */
function startRemover(folder: string): ChildProcess {
  const script = fileURLToPath(new URL('./remove-afterwards.js', import.meta.url));
  const remover = spawn(process.execPath, [script, String(process.pid), folder], { detached: true, stdio: 'ignore' });
  remover.on('error', () => {});
  remover.unref();
  return remover;
}
