/**
 * Finds the server that a command talks to: by its URL, or by the file server.json that it writes into its data
 * folder.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ApiError, createClient, type TandemClient } from '../client/index.ts';
import { loadConfig } from '../config.ts';
import { readVariable } from '../environment.ts';
import { badInput } from '../errors.ts';
import { NoServer } from './exit-codes.ts';

export interface GlobalOptions {
  readonly url?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** A server, and the API key that it is sent. */
export interface Server {
  readonly url: string;
  readonly key: string | undefined;
}

/** The settings of this process, with `--data` in place of TANDEM_DATA. */
export const configOf = ({ data }: GlobalOptions) =>
  loadConfig(data === undefined ? process.env : { ...process.env, TANDEM_DATA: data });

/**
 * A client of the running server. Throws {@link NoServer}, which says what to start, if none runs on the data folder.
 */
export const connect = async (command: Command): Promise<TandemClient> => clientOf(await serverOf(command));

/**
 * A command follows one thing at a time, which needs no WebSocket, and gives up some seconds after the server has
 * stopped.
 */
export const clientOf = ({ url, key }: Server): TandemClient =>
  createClient({ url, headers: headersOf(key), webSocket: false, retries: 4 });

const headersOf = (key: string | undefined): Readonly<Record<string, string>> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

/** The events of a subscription until it ends, or the server stops and does not start again. */
export async function* untilServerStops<T>(events: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* events;
  } catch (error) {
    if (!(error instanceof ApiError && error.unreachable)) throw error;
  }
}

/** The server that is named, or that runs on the data folder; undefined = none runs there. */
export async function findServer(command: Command): Promise<Server | undefined> {
  const named = namedUrl(command.optsWithGlobals<GlobalOptions>()) !== undefined;
  const server = await serverOf(command).catch((error: unknown) => {
    if (error instanceof NoServer) return undefined;
    throw error;
  });
  if (server === undefined) return undefined;
  // The pid of a killed server may belong to another process by now, for example after a restart of a container.
  const answers = await isListening(server.url);
  return named || answers ? server : undefined;
}

/** Far more than a busy server needs to answer GET /health. */
const patienceMs = 5_000;

/**
 * False if nothing listens there. Throws {@link NoServer} if something accepts the connection and does not answer (a
 * stopped process, or another program), because a command would wait forever.
 */
const isListening = (url: string): Promise<boolean> =>
  fetch(new URL('/health', url), { signal: AbortSignal.timeout(patienceMs) }).then(
    () => true,
    (error: Error) => {
      if (error.name === 'TimeoutError') throw silent(url);
      return false;
    },
  );

const silent = (url: string) =>
  new NoServer(`the server at ${url} does not answer`, {
    field: url,
    expected: `an answer to GET /health within ${patienceMs / 1_000} s`,
    remedy:
      'let its process continue, or end it; if another program has the port, remove server.json from the data folder',
  });

const namedUrl = ({ url }: GlobalOptions): string | undefined => url ?? readVariable('TANDEM_URL');

/** The admin's key of the environment is that of the data folder's own server: no other one is sent it. */
async function serverOf(command: Command): Promise<Server> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const named = namedUrl(options);
  const url = named ?? (await urlOfDataFolder(configOf(options).dataDir));
  if (!URL.canParse(url))
    throw badInput(`"${url}" is no URL`, { field: '--url', expected: 'for example http://127.0.0.1:4000' });
  const key = readVariable('TANDEM_API_KEY') ?? (named === undefined ? readVariable('TANDEM_ADMIN_KEY') : undefined);
  return { url, key };
}

async function urlOfDataFolder(dataDir: string): Promise<string> {
  const remedy = 'start one with `tandem serve` (same --data), or name one with --url';
  const file = join(dataDir, 'server.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new NoServer(`no server runs on the data folder ${dataDir}`, { field: file, remedy });
  });
  const { url, pid } = readPortFile(file, text);
  if (!isAlive(pid)) throw new NoServer(`the server of ${dataDir} (process ${pid}) is gone`, { field: file, remedy });
  return url;
}

function readPortFile(file: string, text: string): { readonly url: string; readonly pid: number } {
  try {
    return JSON.parse(text) as { url: string; pid: number };
  } catch {
    throw new NoServer(`${file} is damaged`, { field: file, remedy: 'restart the server, or name it with --url' });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
