/** Databases for tests: a fresh data folder each, and the Postgres of DATABASE_URL_TEST where one is named. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Database, openDatabase } from '../../src/db/open.ts';

export const postgresUrl = process.env['DATABASE_URL_TEST'];

/** A new private folder; `remove` it at the end. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tandem-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export interface TestDatabase extends Database {
  readonly dataDir: string;
}

/** A database of its own in a new data folder, on PGlite or in a new database of the Postgres of DATABASE_URL_TEST. */
export async function openTestDatabase(kind: 'pglite' | 'postgres' = 'pglite'): Promise<TestDatabase> {
  const folder = await temporaryFolder();
  const own = kind === 'postgres' ? await createDatabase() : undefined;
  const database = await openDatabase({ dataDir: folder.path, databaseUrl: own?.url });
  return {
    ...database,
    dataDir: folder.path,
    async close() {
      await database.close();
      await own?.drop();
      await folder.remove();
    },
  };
}

async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `tandem_${process.pid}_${Date.now()}`;
  await asAdministrator(`create database ${name}`);
  const url = new URL(postgresUrl ?? '');
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdministrator(`drop database ${name} with (force)`) };
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
