/** The identity of this process in the tables, and the lease after which a silent process counts as dead. */
import { hostname } from 'node:os';
import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

export interface Host {
  /** Machine and data folder: because the folder is locked, an earlier process of the same name is dead. */
  readonly name: string;
  readonly pid: number;
}

export const thisHost = (dataDir: string): Host => ({ name: `${hostname()}:${dataDir}`, pid: process.pid });

export const heartbeatEveryMs = 5_000;

/** End of a lease that starts now. A host without a heartbeat for that long loses its work. By the database's clock. */
export const leaseEnd = sql<Date>`now() + interval '60 seconds'`;
export const leaseIsOver = (leaseUntil: PgColumn): SQL => sql`${leaseUntil} < now()`;
/** Whether the lease is over, for a row that stores only its last heartbeat. */
export const heartbeatIsOld = (heartbeat: PgColumn): SQL => sql`${heartbeat} < now() - interval '60 seconds'`;
