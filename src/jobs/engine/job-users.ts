/** Jobs at work are users of what they read: neither a deletion nor the retention of checkpoints takes it from under them. */
import { and, eq, notExists, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Transaction } from '../../db/open.ts';
import { jobs } from '../../db/schema.ts';

/** The running jobs whose input has one of these ids or digests (a text[]), by itself or in a list. */
function naming(wanted: SQL): SQL | undefined {
  const names = sql`exists (
    select 1 from jsonb_each(${jobs.input}) as member(name, value)
    where case jsonb_typeof(value) when 'array' then value ?| ${wanted} else value #>> '{}' = any(${wanted}) end)`;
  return and(eq(jobs.state, 'RUNNING'), names);
}

/** Names of the running jobs that read what has one of these ids or digests. */
export async function jobsWith(tx: Transaction, keys: readonly string[]): Promise<string[]> {
  const rows = await tx
    .select({ id: jobs.id, kind: jobs.kind })
    .from(jobs)
    .where(naming(sql`${sql.param([...keys])}::text[]`));
  return rows.map(({ id, kind }) => `job ${id} (${kind})`);
}

/** True of the rows that no running job reads; `id` is theirs, in the statement around. */
export const unusedByJobs = (tx: Transaction, id: PgColumn): SQL =>
  notExists(
    tx
      .select({ one: sql`1` })
      .from(jobs)
      .where(naming(sql`array[${id}::text]`)),
  );
