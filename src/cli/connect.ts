/**
 * Finds the server that a command talks to: by its URL, or by the file server.json that it writes into its data
 * folder.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ApiError, createClient, type TandemClient } from '../client/index.ts';
import { loadConfig } from '../config.ts';
import { readVariable, withoutUser } from '../environment.ts';
import { badInput } from '../errors.ts';
import { challengeHeader, proofHeader, proves, randomHex, type ServerNote } from '../server-proof.ts';
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
  const target = await targetOf(command).catch((error: unknown) => {
    if (error instanceof NoServer) return undefined;
    throw error;
  });
  if (target === undefined) return undefined;
  // The pid of a killed server may belong to another process by now, for example after a restart of a container.
  const answers = await isListening(target);
  return target.note === undefined || answers ? serverAt(target) : undefined;
}

/** Far more than a busy server needs to answer GET /health. */
const patienceMs = 5_000;

/**
 * False if nothing listens there. Throws {@link NoServer} if something accepts the connection and does not answer (a
 * stopped process, or another program), because a command would wait forever; and if it is to be sent a key and does
 * not prove that it wrote the file by which it was found.
 */
async function isListening({ url, key, note }: Target): Promise<boolean> {
  const challenge = randomHex();
  const asked = { headers: { [challengeHeader]: challenge }, signal: AbortSignal.timeout(patienceMs) };
  const answer = await fetch(new URL('/health', url), asked).catch((error: Error) => {
    if (error.name === 'TimeoutError') throw silent(url);
    return undefined;
  });
  if (answer === undefined) return false;
  await answer.body?.cancel();
  const { secret } = note ?? {};
  const isKnown = secret !== undefined && proves(answer.headers.get(proofHeader), secret, challenge);
  if (note && key !== undefined && !isKnown) throw unproven(url);
  return true;
}

const unproven = (url: string) =>
  new NoServer(`what listens at ${url} does not prove that it is the server of the data folder: it is sent no key`, {
    field: url,
    expected: 'the server that wrote server.json, from version 0.3 on',
    remedy:
      'restart the server; if another program has its port, remove server.json from the data folder; or name the ' +
      'server with --url, which is sent TANDEM_API_KEY alone',
  });

const silent = (url: string) =>
  new NoServer(`the server at ${url} does not answer`, {
    field: url,
    expected: `an answer to GET /health within ${patienceMs / 1_000} s`,
    remedy:
      'let its process continue, or end it; if another program has the port, remove server.json from the data folder',
  });

const namedUrl = ({ url }: GlobalOptions): string | undefined => url ?? readVariable('TANDEM_URL');

/** A server that was not asked yet. */
interface Target extends Server {
  /** The file by which it was found; undefined = it was named. */
  readonly note: ServerNote | undefined;
}

const serverAt = ({ url, key }: Target): Server => ({ url, key });

/** Before the key is sent, the server of a data folder shows that it is the one. */
async function serverOf(command: Command): Promise<Server> {
  const target = await targetOf(command);
  const { url, key, note } = target;
  if (note && key !== undefined && !(await isListening(target)))
    throw new NoServer(`nothing listens at ${url}`, { field: url, remedy: startOne });
  return serverAt(target);
}

/** The admin's key of the environment is that of the data folder's own server: no other one is sent it. */
async function targetOf(command: Command): Promise<Target> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const named = namedUrl(options);
  const note = named === undefined ? await noteOf(configOf(options).dataDir) : undefined;
  const url = named ?? note?.url ?? '';
  refuseUrl(url);
  const key = readVariable('TANDEM_API_KEY') ?? (named === undefined ? readVariable('TANDEM_ADMIN_KEY') : undefined);
  return { url, key, note };
}

function refuseUrl(url: string): void {
  const [shown, example] = [withoutUser(url), 'for example http://127.0.0.1:4000'];
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (username || password)
    throw badInput('the URL of the server has a user name or a password, which is sent to no server', {
      field: '--url',
      expected: shown,
      remedy: 'leave them out; a key is sent by TANDEM_API_KEY',
    });
  if (!/^https?:$/.test(protocol))
    throw badInput(`"${shown}" is no URL of HTTP`, { field: '--url', expected: example });
}

const startOne = 'start one with `tandem serve` (same --data), or name one with --url';

async function noteOf(dataDir: string): Promise<ServerNote> {
  const file = join(dataDir, 'server.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new NoServer(`no server runs on the data folder ${dataDir}`, { field: file, remedy: startOne });
  });
  const note = readPortFile(file, text);
  if (!isAlive(note.pid))
    throw new NoServer(`the server of ${dataDir} (process ${note.pid}) is gone`, { field: file, remedy: startOne });
  return note;
}

function readPortFile(file: string, text: string): ServerNote {
  try {
    return JSON.parse(text) as ServerNote;
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
