/** What the database server is, and a clear refusal of one that cannot hold our vectors. Called by open.ts. */
import type { Pool } from 'pg';
import { TandemError, unavailable } from '../errors.ts';

export interface ServerVersion {
  /** For example `18.6`. */
  readonly server: string;
  /** pgvector's, for example `0.8.7`. */
  readonly vector: string;
}

/** binary `vector` parameters and `halfvec` need it. */
const leastVector = [0, 7] as const;

/** What a server says; null = not there. */
export interface ReportedVersions {
  readonly server: string;
  /** The newest pgvector that the server could install, and the one that this database has. */
  readonly available: string | null;
  readonly installed: string | null;
}

export async function checkServer(pool: Pool, url: string | undefined): Promise<ServerVersion> {
  const reported = await readVersions(pool, url);
  return judge(reported, `${url ? 'The Postgres' : 'The embedded Postgres'} ${reported.server}`);
}

/** The versions in use, or UNAVAILABLE with what to install. */
export function judge({ server, available, installed }: ReportedVersions, name: string): ServerVersion {
  const newest = installed ?? available;
  if (newest === null) {
    throw refusal(`${name} has no pgvector`, 'Install pgvector on the server (https://github.com/pgvector/pgvector).');
  }
  if (!isTooOld(newest)) return { server, vector: newest };
  if (installed !== null && available !== null && !isTooOld(available)) {
    throw refusal(`${name} has pgvector ${installed} in this database`, 'Run ALTER EXTENSION vector UPDATE in it.');
  }
  throw refusal(`${name} has pgvector ${newest}`, 'Install a newer pgvector on the server.');
}

async function readVersions(pool: Pool, url: string | undefined): Promise<ReportedVersions> {
  try {
    const { rows } = await pool.query<ReportedVersions>(
      `select current_setting('server_version') as server,
        (select default_version from pg_available_extensions where name = 'vector') as available,
        (select extversion from pg_extension where extname = 'vector') as installed`,
    );
    return { ...rows[0], server: rows[0].server.split(' ')[0] };
  } catch (error) {
    if (error instanceof TandemError) throw error;
    throw unavailable(`The database ${url ? withoutPassword(url) : ''} cannot be used: ${(error as Error).message}`, {
      field: 'DATABASE_URL',
      remedy: 'Start the server or correct DATABASE_URL; without it Tandem uses its embedded database.',
    });
  }
}

function isTooOld(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major < leastVector[0] || (major === leastVector[0] && minor < leastVector[1]);
}

const refusal = (message: string, remedy: string) =>
  unavailable(message, {
    field: 'DATABASE_URL',
    expected: `pgvector ${leastVector.join('.')} or newer`,
    remedy: `${remedy} Without DATABASE_URL Tandem uses its embedded database.`,
  });

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.hostname}:${parsed.port || 5432}${parsed.pathname}`;
  } catch {
    return 'of DATABASE_URL';
  }
}
