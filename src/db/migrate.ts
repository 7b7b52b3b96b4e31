/** Brings a database to this version's tables; refuses one that a newer Tandem has changed. Called by open.ts. */

import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import type { Pool, PoolClient } from 'pg';
import { migrationsFolder } from '../assets.ts';
import { conflict } from '../errors.ts';

/** Any number that nothing else in the database locks. */
const migrationLock = 7_381_204_511;

export async function applyMigrations(pool: Pool, kind: 'pglite' | 'postgres'): Promise<void> {
  const known = readMigrationFiles({ migrationsFolder: migrationsFolder() });
  const client = await pool.connect();
  try {
    await migrateBy(client, known, kind);
  } catch (error) {
    // Ended instead of returned to the pool: it may be broken, and the lock ends with its session. Closing the pool
    // does not wait.
    client.release(true);
    throw error;
  }
  client.release();
}

async function migrateBy(client: PoolClient, known: readonly MigrationMeta[], kind: 'pglite' | 'postgres') {
  // Several hosts may start on one Postgres at once. PGlite has one process, and a session that must not keep locks.
  if (kind === 'postgres') await client.query('select pg_advisory_lock($1)', [migrationLock]);
  await refuseNewer(client, known);
  await migrate(drizzle(client), { migrationsFolder: migrationsFolder() });
  if (kind === 'postgres') await client.query('select pg_advisory_unlock($1)', [migrationLock]);
}

async function refuseNewer(client: PoolClient, known: readonly MigrationMeta[]): Promise<void> {
  const { rows: tables } = await client.query<{ present: boolean }>(
    `select to_regclass('drizzle.__drizzle_migrations') is not null as present`,
  );
  if (!tables[0].present) return;
  const { rows } = await client.query<{ newest: string | null }>(
    'select max(created_at) as newest from drizzle.__drizzle_migrations',
  );
  const newest = Math.max(...known.map((migration) => migration.folderMillis));
  if (Number(rows[0].newest ?? 0) <= newest) return;
  throw conflict('The database was changed by a newer Tandem', {
    field: 'DATABASE_URL',
    expected: `migrations up to ${new Date(newest).toISOString()}`,
    remedy: 'Start the newer Tandem, or name another database or data folder.',
  });
}
