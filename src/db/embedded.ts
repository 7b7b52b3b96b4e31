/** Starts and ends the thread in which PGlite runs, and says how `pg` reaches it. Called by open.ts. */
import { randomInt } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PoolConfig } from 'pg';
import { workerEntry } from '../assets.ts';
import { diskError, diskFull, hasTooLittleRoom, startOnFullDisk } from '../disk-full.ts';
import { fromPlainError, type PlainError, type TandemError, unavailable } from '../errors.ts';

export interface ThreadSettings {
  /** Folder of the database's files. */
  readonly folder: string;
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number };
}

export type ThreadMessage =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly error: PlainError };

export interface EmbeddedServer {
  readonly connection: Pick<PoolConfig, 'host' | 'port' | 'user' | 'database'>;
  /** Why nothing is answered any more: its thread has ended. Undefined = it lives. */
  readonly death: TandemError | undefined;
  close(): Promise<void>;
}

/** A unix socket's whole path must stay below about 104 bytes (macOS, BSD). */
const longestSocketPath = 100;
const closeWithinMs = 2_000;

export async function startEmbedded(folder: string): Promise<EmbeddedServer> {
  const note = `${folder}.socket`;
  await removeLeftover(note);
  const socketFolder = process.platform === 'win32' ? undefined : await privateFolder(note);
  const listen = socketFolder ? { path: join(socketFolder, '.s.PGSQL.5432') } : { host: '127.0.0.1', port: 0 };
  const worker = new Worker(workerEntry('database'), { workerData: { folder, listen } satisfies ThreadSettings });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let death: TandemError | undefined;
  worker.on('error', (error) => {
    death ??= ended(String(error));
  });
  worker.on('exit', (code) => {
    death ??= ended(`exit code ${code}`);
  });
  try {
    const port = await ready(worker, folder);
    return {
      get death() {
        return death;
      },
      connection: { host: socketFolder ?? '127.0.0.1', port: socketFolder ? 5432 : port, ...identity },
      async close() {
        worker.postMessage('close');
        const force = setTimeout(() => void worker.terminate(), closeWithinMs);
        await exited.finally(() => clearTimeout(force));
        await removeLeftover(note);
      },
    };
  } catch (error) {
    await worker.terminate();
    await removeLeftover(note);
    throw error;
  }
}

const ended = (why: string) =>
  unavailable(`The thread of the embedded database has ended (${why})`, {
    field: 'database',
    expected: 'a running thread',
    remedy: 'Start Tandem again; what was acknowledged is kept.',
  });

const identity = { user: 'postgres', database: 'postgres' } as const;

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/**
 * The temporary folder of macOS is long but short enough; a longer one is passed over for /tmp. The folder's path is
 * noted in the data folder before it is made, so that the socket of a killed process is cleared away by the next one.
 * Throws where the path exists already.
 */
async function privateFolder(note: string): Promise<string> {
  const longest = Buffer.byteLength(join(tmpdir(), 'tandem-XXXXXX', '.s.PGSQL.5432'));
  const name = Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('');
  const path = join(longest < longestSocketPath ? tmpdir() : '/tmp', `tandem-${name}`);
  await writeFile(note, path);
  await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
    // What stands there is not ours, so that nothing may clear it away.
    await rm(note, { force: true });
    throw error;
  });
  return path;
}

/** Removes the noted socket folder and the note. Only the owner of the data folder's lock may call it. */
async function removeLeftover(note: string): Promise<void> {
  const path = await readFile(note, 'utf8').catch(() => '');
  if (/[\\/]tandem-\w{6}$/.test(path)) await rm(path, { recursive: true, force: true });
  await rm(note, { force: true });
}

/** On a full disk the database ends as it does over damaged files, and yet nothing is lost. */
export function startError(
  folder: string,
  message: string,
  { full, error }: { readonly full: boolean; readonly error?: Error | undefined },
): TandemError {
  const known = error && diskError(error, startOnFullDisk);
  if (known) return known;
  if (full) return diskFull(startOnFullDisk);
  return unavailable(`The embedded database in ${folder} does not start: ${message}`, {
    field: 'TANDEM_DATA',
    remedy: 'Restore the data folder from a backup, name another by TANDEM_DATA, or use DATABASE_URL.',
  });
}

function ready(worker: Worker, folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (message: string, error?: Error): void =>
      void hasTooLittleRoom(dirname(folder)).then((full) => reject(startError(folder, message, { full, error })));
    worker.once('message', (message: ThreadMessage) => {
      if (message.kind === 'ready') resolve(message.port);
      // What says itself what to do is no matter of the data folder.
      else if (message.error.name === 'TandemError') reject(fromPlainError(message.error));
      else fail(message.error.message, fromPlainError(message.error));
    });
    worker.once('error', (error) => fail(String(error)));
    worker.once('exit', (code) => fail(`its thread ended (exit code ${code})`));
  });
}
