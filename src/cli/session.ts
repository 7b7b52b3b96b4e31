/**
 * A service for one command: the one that runs, else one that is started for the command and leaves nothing behind. For a
 * model folder that is a private one in a temporary data folder; for a checkpoint it opens the data folder, where it leaves
 * queued runs to a service that stays.
 */
import { constants, kMaxLength } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { notFound } from '../errors.ts';
import { setLogDefaults } from '../log.ts';
import { type RunningTandem, startTandem } from '../main.ts';
import { clientOf, configOf, findServer, type GlobalOptions } from './connect.ts';
import type { Part } from './lend-folder.ts';
import { withRunning } from './running-service.ts';
import { startRemover } from './start-remover.ts';
import type { Session } from './types.ts';

/** `model` is a folder, of which `part` is read, or the id or alias of a checkpoint. */
export async function withService<T>(
  command: Command,
  { model, part }: { readonly model: string; readonly part: Part },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const folder = await folderOf(model);
  const url = await findServer(command);
  const guest = `command ${randomUUID()}`;
  if (url !== undefined) {
    const session = { client: clientOf(url), folder, guest };
    return folder === undefined ? work(session) : withRunning({ ...session, folder }, part, work);
  }
  const config = configOf(command.optsWithGlobals<GlobalOptions>());
  if (folder === undefined) return withStarted(await existing(config, model), { folder, guest }, work);
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-'));
  // Its own embedded database too: DATABASE_URL may name one that people work with. It reads what the caller can read.
  const own = { ...config, dataDir, importDir: parse(folder).root, databaseUrl: undefined, limits: ownLimits(config) };
  return withStarted(own, { folder, guest, temporary: dataDir }, work);
}

/** Nobody else is served: a text may be as long as this process can hold. */
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
  readonly guest: string;
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
    // Nothing of a private service is worth the wait; the remover clears up. The handler is gone, so this one ends us.
    if (remover) process.kill(process.pid, signal);
    else void clear(graceOfSignalMs).finally(() => process.exit(130));
  };
  for (const name of stopSignals) process.once(name, stop);
  try {
    setLogDefaults({ level: 'error', format: 'text' });
    tandem = await startTandem({ ...config, port: 0 }, { takeRuns: false });
    return await work({ client: clientOf(tandem.url), folder, guest });
  } finally {
    await clear(graceMs);
    for (const name of stopSignals) process.removeListener(name, stop);
  }
}
