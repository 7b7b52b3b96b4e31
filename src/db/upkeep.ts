/**
 * What autovacuum does on a server, for PGlite, which has none: without statistics the planner takes lists of 100,000
 * rows for short ones, and rows that were replaced take room for ever. Called by open.ts.
 */
import type { Pool } from 'pg';
import type { Logger } from '../log.ts';

/** At most so often, and only after something was written: an idle service asks its database nothing. */
const everyMs = 60_000;

/** Rows that are read for the statistics are 300 times as many; others wait for the one session meanwhile. */
const statisticsTarget = 20;

interface Due {
  readonly name: string;
  /** Its statistics are old. */
  readonly changed: boolean;
  /** It has many rows that are gone, or that no index knows to be visible to all. */
  readonly worn: boolean;
}

/** The rules of autovacuum and its usual settings; by the size, too, since changes are counted from each start on. */
const dueTables = `
  select quote_ident(relname) as name, reltuples < 0 or modified > 50 + 0.1 * reltuples
      or pages > 10 + 1.1 * relpages as changed,
    dead > 50 + 0.2 * reltuples or inserted > 1000 + 0.2 * reltuples as worn
  from (
    select c.relname, c.reltuples, c.relpages, s.n_mod_since_analyze as modified, s.n_dead_tup as dead,
      s.n_ins_since_vacuum as inserted, pg_relation_size(c.oid) / current_setting('block_size')::int as pages
    from pg_class c join pg_stat_user_tables s on s.relid = c.oid where s.schemaname = 'public'
  ) as sizes
  where pages > 0`;

/** Looks once, and does what is due, a table a statement; the names of the tables. */
export async function upkeep(pool: Pick<Pool, 'query'>): Promise<string[]> {
  const { rows } = await pool.query<Due>(`select * from (${dueTables}) as tables where changed or worn order by name`);
  for (const { name, changed, worn } of rows) {
    if (worn) await pool.query(`vacuum ${name}`);
    // Both are one transaction, without a begin that would stay open if one failed.
    if (changed) await pool.query(`set local default_statistics_target = ${statisticsTarget}; analyze ${name}`);
  }
  return rows.map(({ name }) => name);
}

/** Looks after what was written, until the returned function is called; that waits for what is under way. */
export function keepUp(pool: Pick<Pool, 'query'>, onWritten: (listener: () => void) => () => void, log: Logger) {
  let timer: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();
  const look = (): void => {
    timer = undefined;
    looking = upkeep(pool).then(
      () => {},
      (error: unknown) => log.warn({ error }, 'the tables could not be analyzed'),
    );
  };
  const stop = onWritten(() => {
    timer ??= setTimeout(look, everyMs).unref();
  });
  return async (): Promise<void> => {
    stop();
    clearTimeout(timer);
    await looking;
  };
}
