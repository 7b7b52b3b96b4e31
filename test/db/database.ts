/** Databases for tests: a fresh data folder each, and the Postgres of DATABASE_URL_TEST where one is named. */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import pg from 'pg';
import { migrationsFolder, packageVersion } from '../../src/assets.ts';
import { pgliteVersion } from '../../src/db/format.ts';
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

/**
 * Making a new PGlite folder takes seconds of one core, copying one a fraction: the first test makes a migrated folder,
 * all others copy it. Its name says which PGlite and which migrations made it.
 */
const template = fileURLToPath(new URL(`../../node_modules/.cache/tandem-test/${templateKey()}`, import.meta.url));

function templateKey(): string {
  const hash = createHash('sha256').update(pgliteVersion).update(packageVersion());
  // Drizzle tells migrations apart by their time.
  for (const { hash: migration, folderMillis } of readMigrationFiles({ migrationsFolder: migrationsFolder() }))
    hash.update(`${folderMillis} ${migration}`);
  return hash.digest('hex').slice(0, 16);
}

async function copyTemplate(dataDir: string): Promise<void> {
  if (!(await exists(template))) {
    const folder = `${template}.${process.pid}`;
    await (await openDatabase({ dataDir: folder, databaseUrl: undefined })).close();
    await rename(folder, template).catch(() => rm(folder, { recursive: true, force: true }));
  }
  await cp(template, dataDir, { recursive: true });
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** A database of its own in a new data folder, on PGlite or in a new database of the Postgres of DATABASE_URL_TEST. */
export async function openTestDatabase(kind: 'pglite' | 'postgres' = 'pglite'): Promise<TestDatabase> {
  const folder = await temporaryFolder();
  const own = kind === 'postgres' ? await createDatabase() : undefined;
  if (!own) await copyTemplate(folder.path);
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

/** A new empty database on the Postgres of DATABASE_URL_TEST. */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
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
