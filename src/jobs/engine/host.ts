/** Who this process is in the tables, and how long its word holds. */
import { hostname } from 'node:os';
import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

export interface Host {
  /** Machine and data folder: the lock on the folder makes a name's earlier owner dead. */
  readonly name: string;
  readonly pid: number;
}

export const thisHost = (dataDir: string): Host => ({ name: `${hostname()}:${dataDir}`, pid: process.pid });

export const heartbeatEveryMs = 5_000;

/** A host that was silent for so long has lost what it worked on. Counted by the database's clock. */
export const leaseEnd = sql<Date>`now() + interval '60 seconds'`;
export const leaseIsOver = (leaseUntil: PgColumn): SQL => sql`${leaseUntil} < now()`;
/** The same for a row that keeps only its last heartbeat. */
export const heartbeatIsOld = (heartbeat: PgColumn): SQL => sql`${heartbeat} < now() - interval '60 seconds'`;
