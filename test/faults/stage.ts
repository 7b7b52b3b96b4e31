/** A server on a data folder and a database of its own that comes back after every kill. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TandemClient } from '../../src/client/index.ts';
import { createDatabase } from '../db/database.ts';
import { type Place, preparePlace } from './place.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';

export type DatabaseKind = 'pglite' | 'postgres';

export interface Stage {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly place: Place;
  /** Of the process that runs now. */
  client(): TandemClient;
  /** Ends the process at once. Resolves with the time by Date.now() before which it was alive. */
  kill(): Promise<number>;
  start(): Promise<void>;
  /** Removes all of it. */
  close(): Promise<void>;
}

/** Starts a server and prepares what the kinds of work need. */
export async function openStage(kind: DatabaseKind, log: ServerOptions['log'] = 'error'): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-faults-'));
  const own = kind === 'postgres' ? await createDatabase() : undefined;
  const options: ServerOptions = { databaseUrl: own?.url, log };
  let server: Server = await startServer(dataDir, options);
  const close = async (): Promise<void> => {
    await server.end('SIGKILL');
    await own?.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  const place = await preparePlace(server.client, dataDir).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    dataDir,
    databaseUrl: own?.url,
    place,
    client: () => server.client,
    async kill() {
      const at = Date.now();
      await server.end('SIGKILL');
      return at;
    },
    async start() {
      server = await startServer(dataDir, options);
    },
    close,
  };
}
