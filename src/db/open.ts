/**
 * Opens the one database: Postgres named by DATABASE_URL, or PGlite in the data folder behind a socket. Either way one
 * driver (pg), Drizzle tables and migrations applied. Called once by main.ts, and by tests; nothing else makes a pool.
 * It owns the data folder's lock, so the owner of a Database may use the folder's storage too.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import type { Pool, PoolConfig } from 'pg';
import type { Config } from '../config.ts';
import { diskError, startOnFullDisk } from '../disk-full.ts';
import type { TandemError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { type EmbeddedServer, startEmbedded } from './embedded.ts';
import { type FolderOwner, ownFolder } from './folder-owner.ts';
import { checkFormat } from './format.ts';
import { GuardedPool, guardTransactions } from './guarded-pool.ts';
import type { Db } from './handle.ts';
import { lockDataFolder } from './lock.ts';
import { applyMigrations } from './migrate.ts';
import { ObservedClient } from './observed-client.ts';
import { databaseError } from './refusals.ts';
import * as schema from './schema.ts';
import { checkServer, type ServerVersion } from './server-version.ts';
import { keepUp } from './upkeep.ts';

export type { FolderOwner } from './folder-owner.ts';
export { afterCommit } from './guarded-pool.ts';
export type { Db, Executor, Transaction } from './handle.ts';

export interface Database {
  readonly db: Db;
  readonly pool: Pool;
  readonly kind: 'pglite' | 'postgres';
  readonly version: ServerVersion;
  /** Of the data folder. */
  readonly owner: FolderOwner;
  /** Why it will never answer again in this process: the embedded server's thread has ended. Undefined otherwise. */
  readonly death: TandemError | undefined;
  /** Calls back after every commit of this process that wrote rows, until the returned function is called. */
  onWritten(listener: () => void): () => void;
  /** Waits for running queries, ends the server if it is ours, frees the data folder. A second or two at most. */
  close(): Promise<void>;
}

type Closer = () => Promise<void>;

/**
 * CONFLICT: the data folder is in use or of another format. UNAVAILABLE: the server cannot be reached, only reads, or
 * is too old; the disk is full.
 */
export async function openDatabase(config: Pick<Config, 'dataDir' | 'databaseUrl'>): Promise<Database> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const closers: Closer[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const lock = await lockDataFolder(config.dataDir);
    closers.push(() => lock.release());
    await checkFormat(config.dataDir);
    const owner = await ownFolder(config.dataDir, lock);
    const server = config.databaseUrl ? undefined : await startEmbedded(join(config.dataDir, 'database'));
    if (server) closers.push(() => server.close());
    const pool = new GuardedPool(connection(config, server));
    closers.push(() => pool.end());
    const log = createLogger('db');
    pool.on('error', (error) => log.error({ error: error.message }, 'an idle database connection failed'));
    const kind = config.databaseUrl ? 'postgres' : 'pglite';
    const version = await checkServer(pool, config.databaseUrl);
    await applyMigrations(pool, kind);
    if (server) closers.push(keepUp(pool, (listener) => pool.onWritten(listener), log));
    const db = guardTransactions(drizzle(pool, { schema }));
    return {
      ...{ db, pool, kind, version, owner, close: closeAll },
      onWritten: (listener) => pool.onWritten(listener),
      get death() {
        return server?.death;
      },
    };
  } catch (error) {
    await closeAll();
    throw diskError(error, startOnFullDisk) ?? databaseError(error) ?? error;
  }
}

/**
 * PGlite is one session behind its socket: more than one connection could not work at the same time, would share
 * temporary state, and would wait for each other's transactions; so it gets exactly one, and the pool is the queue.
 */
function connection({ databaseUrl }: Pick<Config, 'databaseUrl'>, server: EmbeddedServer | undefined): PoolConfig {
  const Client = ObservedClient;
  if (server) return { ...server.connection, Client, max: 1, idleTimeoutMillis: 0 };
  return { connectionString: databaseUrl, Client, max: 10, connectionTimeoutMillis: 10_000 };
}
