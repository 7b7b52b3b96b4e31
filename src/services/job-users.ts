/** Jobs at work are users of what they read: it is not deleted under them. */
import { and, eq, sql } from 'drizzle-orm';
import type { Transaction } from '../db/open.ts';
import { jobs } from '../db/schema.ts';

/** Names of the running jobs whose input has one of these ids or digests, by itself or in a list. */
export async function jobsWith(tx: Transaction, keys: readonly string[]): Promise<string[]> {
  const wanted = sql`${sql.param([...keys])}::text[]`;
  const names = sql`exists (
    select 1 from jsonb_each(${jobs.input}) as member(name, value)
    where case jsonb_typeof(value) when 'array' then value ?| ${wanted} else value #>> '{}' = any(${wanted}) end)`;
  const rows = await tx
    .select({ id: jobs.id, kind: jobs.kind })
    .from(jobs)
    .where(and(eq(jobs.state, 'RUNNING'), names));
  return rows.map(({ id, kind }) => `job ${id} (${kind})`);
}
