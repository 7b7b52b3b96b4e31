/** What the tables say of jobs and their attempts, read beside the server: which process did what, and when. */
import pg from 'pg';

export interface Attempt {
  readonly job: string;
  readonly key: string | null;
  readonly number: number;
  /** Id of the start of the process that owned it. */
  readonly process: string;
  readonly outcome: string | null;
  /** Milliseconds since 1970. */
  readonly begun: number;
  readonly ended: number | null;
}

interface JobEnd {
  readonly key: string;
  readonly state: string;
  readonly error: unknown;
}

const attemptsSql = `
  select a.job_id as job, j.idempotency_key as key, a.number, a.process, a.outcome,
    extract(epoch from a.created_at)::float8 * 1000 as begun, extract(epoch from a.ended_at)::float8 * 1000 as ended
  from job_attempts a join jobs j on j.id = a.job_id order by a.job_id, a.number`;

const endsSql = `
  select idempotency_key as key, state, error from jobs where idempotency_key is not null`;

const tables = ['jobs', 'datasets', 'models', 'checkpoints', 'evaluations', 'documents', 'embeddings'] as const;

export interface Ledger {
  attempts(): Promise<Attempt[]>;
  /** Jobs that have a key. */
  jobs(): Promise<JobEnd[]>;
  /** Rows of every table that the mixed work writes to. */
  counts(): Promise<Record<string, number>>;
  /** Ends one connection of the others, drawn by `draw`, below 1; returns how many it ended. */
  endBackend(draw: number): Promise<number>;
  close(): Promise<void>;
}

export async function openLedger(databaseUrl: string): Promise<Ledger> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'ledger' });
  await client.connect();
  const rowsOf = async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows;
  return {
    attempts: () => rowsOf(attemptsSql),
    jobs: () => rowsOf(endsSql),
    async counts() {
      const count = (table: string) => `(select count(*)::int from ${table}) as ${table}`;
      return (await rowsOf(`select ${tables.map(count).join(', ')}`))[0];
    },
    async endBackend(draw) {
      const others = await rowsOf(
        `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by pid`,
      );
      if (others.length === 0) return 0;
      const { pid } = others[Math.floor(draw * others.length)];
      const [{ ended }] = await rowsOf('select pg_terminate_backend($1) as ended', [pid]);
      return ended ? 1 : 0;
    },
    close: () => client.end(),
  };
}

/** Attempts that overlap another one of the same job. A process that was killed works no longer than until then. */
export function overlaps(attempts: readonly Attempt[], killed: ReadonlyMap<string, number>): Attempt[] {
  return attempts.filter((attempt, i) => {
    const before = attempts[i - 1];
    if (before?.job !== attempt.job) return false;
    const end = Math.min(
      before.ended ?? Number.POSITIVE_INFINITY,
      killed.get(before.process) ?? Number.POSITIVE_INFINITY,
    );
    return attempt.begun < end;
  });
}
