/** The identity of this process in the tables, and the lease after which a silent process counts as dead. */
import { hostname } from 'node:os';
import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { FolderOwner } from '../../db/open.ts';

export interface Host extends FolderOwner {
  /** Machine and data folder, for people: two containers may have the same. */
  readonly name: string;
  readonly pid: number;
}

export const thisHost = (owner: FolderOwner, dataDir: string): Host => ({
  ...owner,
  name: `${hostname()}:${dataDir}`,
  pid: process.pid,
});

export const heartbeatEveryMs = 5_000;

/**
 * End of a lease that starts now. A process without a heartbeat for that long loses its work. By the database's clock.
 */
export const leaseEnd = sql<Date>`now() + interval '60 seconds'`;
export const leaseIsOver = (leaseUntil: PgColumn): SQL => sql`${leaseUntil} < now()`;
