/** A server on a data folder and a database of its own that comes back after every kill. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TandemClient } from '../../src/client/index.ts';
import { createDatabase } from '../db/database.ts';
import { type Place, preparePlace } from './place.ts';
import { launchServer, type Server, type ServerOptions, startServer } from './server.ts';

export type DatabaseKind = 'pglite' | 'postgres';

export interface EmptyStage {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  /** Of the process that runs now. */
  client(): TandemClient;
  /** Ends the process at once. Resolves with the time by Date.now() before which it was alive. */
  kill(): Promise<number>;
  start(): Promise<void>;
  /** Starts a process and ends it so long after that, whether it serves by then or not. */
  startAndKill(afterMs: number): Promise<void>;
  /** Removes all of it. */
  close(): Promise<void>;
}

export interface Stage extends EmptyStage {
  readonly place: Place;
}

/** Starts a server on nothing. */
export async function openEmptyStage(kind: DatabaseKind, log: ServerOptions['log'] = 'error'): Promise<EmptyStage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-faults-'));
  const own = kind === 'postgres' ? await createDatabase() : undefined;
  const options: ServerOptions = { databaseUrl: own?.url, log };
  let server: Server = await startServer(dataDir, options);
  return {
    dataDir,
    databaseUrl: own?.url,
    client: () => server.client,
    async kill() {
      const at = Date.now();
      await server.end('SIGKILL');
      return at;
    },
    async start() {
      server = await startServer(dataDir, options);
    },
    async startAndKill(afterMs) {
      const { ready, end } = launchServer(dataDir, options);
      const ended = ready.catch(() => {});
      await sleep(afterMs);
      await end('SIGKILL');
      await ended;
    },
    async close() {
      await server.end('SIGKILL');
      await own?.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts a server and prepares what the kinds of work need. */
export async function openStage(kind: DatabaseKind, log?: ServerOptions['log']): Promise<Stage> {
  const stage = await openEmptyStage(kind, log);
  const place = await preparePlace(stage.client(), stage.dataDir).catch(async (error: unknown) => {
    await stage.close();
    throw error;
  });
  return { ...stage, place };
}
