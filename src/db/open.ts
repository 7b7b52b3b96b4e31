/**
 * Opens the one database: Postgres named by DATABASE_URL, or PGlite in the data folder behind a socket. Either way one
 * driver (pg), Drizzle tables and migrations applied. Called once by main.ts, and by tests; nothing else makes a pool.
 */
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Pool } from 'pg';
import type * as schema from './schema.ts';

export type Db = NodePgDatabase<typeof schema>;
export type Transaction = Parameters<Parameters<Db['transaction']>[0]>[0];
/** What a function takes that works inside a transaction and outside. */
export type Executor = Db | Transaction;

export interface Database {
  readonly db: Db;
  readonly pool: Pool;
  readonly kind: 'pglite' | 'postgres';
  /** Server version, for example `18.3`, and pgvector's. */
  readonly version: { readonly server: string; readonly vector: string };
  close(): Promise<void>;
}
