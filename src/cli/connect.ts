/** Finds the server that a command talks to: by URL, or by the file that a serving process leaves in its data folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createClient, type TandemClient } from '../client/index.ts';
import { loadConfig } from '../config.ts';
import { unavailable } from '../errors.ts';

export interface GlobalOptions {
  readonly url?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** The settings of this process, with `--data` in place of TANDEM_DATA. */
export const configOf = ({ data }: GlobalOptions) =>
  loadConfig(data === undefined ? process.env : { ...process.env, TANDEM_DATA: data });

/** A client of the running server; UNAVAILABLE says what to start if there is none. */
export async function connect(command: Command): Promise<TandemClient> {
  const url = await findServer(command);
  if (url !== undefined) return clientOf(url);
  const { dataDir } = configOf(command.optsWithGlobals<GlobalOptions>());
  throw unavailable(`no server runs on the data folder ${dataDir}`, {
    field: portFileOf(dataDir),
    remedy: 'start one with `tandem serve` (same --data), or name one with --url',
  });
}

export const clientOf = (url: string): TandemClient => createClient({ url });

/** Address of the server that is named, or that runs on the data folder; undefined = none runs. */
export async function findServer(command: Command): Promise<string | undefined> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const named = options.url ?? process.env['TANDEM_URL'];
  if (named) return named;
  const text = await readFile(portFileOf(configOf(options).dataDir), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { url, pid } = JSON.parse(text) as { url: string; pid: number };
  // A killed server leaves its file.
  return isAlive(pid) ? url : undefined;
}

const portFileOf = (dataDir: string): string => join(dataDir, 'server.json');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
