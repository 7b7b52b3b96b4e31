/** Which database this is, so that files beside it can say to which they belong. */
import { sql } from 'drizzle-orm';
import type { Database } from './open.ts';

/** The embedded database lies in the data folder itself; a server's is known by its cluster and its own number. */
export async function databaseIdentity({ db, kind }: Pick<Database, 'db' | 'kind'>): Promise<string> {
  if (kind === 'pglite') return 'embedded';
  const { rows } = await db.execute<{ cluster: string; number: string }>(
    sql`select system_identifier::text as cluster,
          (select oid::text from pg_database where datname = current_database()) as number
        from pg_control_system()`,
  );
  const [found] = rows;
  return `${found?.cluster}/${found?.number}`;
}
