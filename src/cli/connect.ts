/** Finds the server that a command talks to: by URL, or by the file that a serving process leaves in its data folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createClient, type TandemClient } from '../client/index.ts';
import { loadConfig } from '../config.ts';
import { unavailable } from '../errors.ts';
import { patientFetch } from './fetch.ts';

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
  const options = command.optsWithGlobals<GlobalOptions>();
  const url = options.url ?? process.env['TANDEM_URL'] ?? (await urlOfDataFolder(configOf(options).dataDir));
  return createClient({ url, fetch: patientFetch });
}

async function urlOfDataFolder(dataDir: string): Promise<string> {
  const remedy = 'start one with `tandem serve` (same --data), or name one with --url';
  const file = join(dataDir, 'server.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw unavailable(`no server runs on the data folder ${dataDir}`, { field: file, remedy });
  });
  const { url, pid } = JSON.parse(text) as { url: string; pid: number };
  if (!isAlive(pid)) throw unavailable(`the server of ${dataDir} (process ${pid}) is gone`, { field: file, remedy });
  return url;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
