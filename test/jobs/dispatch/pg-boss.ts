/**
 * A second dispatcher, on pg-boss 10: proof that the port holds another engine. Only tests use it; it shows what such
 * an adapter has to do and is not tuned.
 *
 * The outbox: `enqueue` and `cancel` write job_tickets in the caller's transaction and never call pg-boss, so the
 * engine might as well have a database of its own. A relay then sends each row to pg-boss and notes that it did; if it
 * dies in between, the row is sent again under the same id, which pg-boss passes over. The row stays until the ticket
 * is completed: `claim` is the id of its job in pg-boss, `claimed_until` is set once it was sent. What pg-boss delivers
 * without such a row was withdrawn, enqueued again or completed since, and is thrown away.
 *
 * What pg-boss 10 lacks, and what stands for it here:
 * - Heartbeats. A delivery expires `expireInSeconds` after its start and nothing renews it, so `beat` sets the start of
 *   the delivery (started_on) to now. Expired ones are found by maintenance, by default every two minutes; `claim` asks
 *   for it at once.
 * - Requests of several queues. There is a queue for each kind and place; a look at the waiting jobs chooses the queue.
 * - Exceptions. As many more are fetched as jobs are excepted, and what is excepted is put back as it was.
 * - The number of a delivery. pg-boss knows a job by its id alone; the token adds the count of its retries.
 */
import { randomUUID } from 'node:crypto';
import { and, asc, eq, isNull, type SQL, sql } from 'drizzle-orm';
import PgBoss from 'pg-boss';
import type { Database, Db, Executor, Transaction } from '../../../src/db/open.ts';
import { jobTickets } from '../../../src/db/schema.ts';
import type { Claim, ClaimRequest, Delivery, Dispatcher, Outcome } from '../../../src/jobs/dispatch/types.ts';

export interface PgBossDispatcher extends Dispatcher {
  close(): Promise<void>;
}

/** A job in pg-boss: which queue, which id, which delivery. */
interface Handle {
  readonly queue: string;
  readonly id: string;
  readonly retries: number;
}

type Sent = { readonly jobId: string };
type Fetched = PgBoss.JobWithMetadata<Sent>;

const leaseSeconds = 60;
/** What lapses is delivered again without end, and what waits is not archived: giving up is the engine's to say. */
const kept = { expireInSeconds: leaseSeconds, retryLimit: 2 ** 31 - 1, retryDelay: 0, retentionDays: 36_500 };
/** Deliveries that one claim throws away, or loses to other processes, before it asks to be called again. */
const mostLooks = 100;
const lookAgainMs = 200;

/** Opens pg-boss in the database's own pool. Its maintenance and schedules are off: `claim` does what is needed. */
export async function openPgBoss({ db, pool }: Pick<Database, 'db' | 'pool'>): Promise<PgBossDispatcher> {
  const executeSql = (text: string, values?: unknown[]) => pool.query(text, values);
  const boss = new PgBoss({ db: { executeSql }, supervise: false, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  const relay = new Relay(boss, db);
  return {
    async enqueue(tx, { jobId, kind, priority, place, notBefore }) {
      const waits = {
        ...{ kind, priority, place, createdAt: sql`clock_timestamp()`, notBefore: notBefore ?? sql`now()` },
        ...{ claim: randomUUID(), claimedUntil: null },
      };
      await tx
        .insert(jobTickets)
        .values({ jobId, ...waits })
        .onConflictDoUpdate({ target: jobTickets.jobId, set: waits });
    },
    async claim(request) {
      await relay.sendWaiting();
      await boss.expire();
      return claimNext(boss, db, request);
    },
    beat: (claims) => renew(db, claims),
    complete: (claim, outcome) => complete(boss, db, claim, outcome),
    async cancel(tx, jobId) {
      await tx.delete(jobTickets).where(eq(jobTickets.jobId, jobId));
    },
    close: () => boss.stop({ graceful: false }),
  };
}

/** Moves tickets from the outbox to pg-boss, in the order in which they were enqueued. */
class Relay {
  readonly #boss: PgBoss;
  readonly #db: Db;
  readonly #queues = new Set<string>();

  constructor(boss: PgBoss, db: Db) {
    this.#boss = boss;
    this.#db = db;
  }

  async sendWaiting(): Promise<void> {
    const waiting = isNull(jobTickets.claimedUntil);
    const tickets = await this.#db.select().from(jobTickets).where(waiting).orderBy(asc(jobTickets.createdAt));
    for (const { jobId, kind, place, priority, notBefore, claim } of tickets) {
      const queue = queueOf(kind, place);
      if (!this.#queues.has(queue)) await createQueue(this.#db, queue);
      this.#queues.add(queue);
      await this.#boss.send(queue, { jobId } satisfies Sent, { ...kept, id: claim!, priority, startAfter: notBefore });
      await this.#db
        .update(jobTickets)
        .set({ claimedUntil: sql`'infinity'` })
        .where(and(eq(jobTickets.jobId, jobId), eq(jobTickets.claim, claim!)));
    }
  }
}

/**
 * A queue is a table. pg-boss's own call for it deadlocks with itself in another process (seen with 10.4.2 on Postgres
 * 15), so the function behind it is called under a lock.
 */
function createQueue(db: Db, queue: string): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('pgboss.create_queue'))`);
    await tx.execute(sql`select pgboss.create_queue(${queue}, ${{ policy: 'standard' }}::json)`);
  });
}

/** pg-boss reads all tickets of a queue in one order; so tickets that a process may not have lie in another queue. */
const queueOf = (kind: string, place: string | null): string => (place === null ? kind : `${kind}.${place}`);

async function claimNext(boss: PgBoss, db: Db, request: ClaimRequest): Promise<Delivery> {
  for (let look = 0; look < mostLooks; look++) {
    const next = await findNext(db, request);
    if (!next?.isDue) return { claim: undefined, askAgainAt: next?.at };
    const claim = await fetchFrom(boss, db, next.queue, request.except);
    if (claim) return { claim };
  }
  return { claim: undefined, askAgainAt: new Date(Date.now() + lookAgainMs) };
}

/** The queue of the first ticket that is due, or when the next one is. pg-boss itself cannot look without taking. */
async function findNext(db: Executor, { kinds, place, except }: ClaimRequest) {
  const { rows } = await db.execute<{ queue: string; is_due: boolean; wait: number }>(sql`
    select job.name as queue, is_due, extract(epoch from at - now())::float8 * 1000 as wait
    from pgboss.job
    join ${jobTickets} on ${jobTickets.claim} = job.id,
    lateral (select case when job.state = 'active' then started_on + expire_in else start_after end) as time(at),
    lateral (select job.state < 'active' and at < now()) as due(is_due)
    where job.state <= 'active' and array_position(${sql.param([...kinds])}::text[], ${jobTickets.kind}) is not null
      and (${place ?? null}::uuid is null or ${jobTickets.place} is null or ${jobTickets.place} = ${place ?? null}::uuid)
      and ${jobTickets.jobId} <> all(${sql.param([...except])}::uuid[])
    order by is_due desc, case when is_due then job.priority end desc, case when is_due then job.created_on else at end
    limit 1`);
  const [first] = rows;
  return first && { queue: first.queue, isDue: first.is_due, at: new Date(Date.now() + Math.max(first.wait, 0) + 1) };
}

/**
 * Undefined = others were faster, or what was delivered has no ticket any more. In one transaction, so that nobody
 * sees what is put back as delivered, and a death in between takes nothing.
 */
function fetchFrom(boss: PgBoss, db: Db, queue: string, except: readonly string[]): Promise<Claim | undefined> {
  return db.transaction(async (tx) => {
    const options = { includeMetadata: true, batchSize: 1 + except.length, db: executorOf(tx) } as const;
    const fetched = await boss.fetch<Sent>(queue, options);
    const byOrder = (a: Fetched, b: Fetched): number => b.priority - a.priority || +a.createdOn - +b.createdOn;
    let claim: Claim | undefined;
    for (const job of fetched.sort(byOrder)) {
      const { jobId } = job.data;
      const [ticket] = await tx.select().from(jobTickets).where(eq(jobTickets.claim, job.id));
      if (!ticket) await boss.complete(queue, job.id, {}, options);
      else if (claim || except.includes(jobId)) await putBack(tx, job);
      else claim = { jobId, token: tokenOf({ queue, id: job.id, retries: job.retryCount }) };
    }
    return claim;
  });
}

/** pg-boss's statements, with their parameters by number, inside a transaction of Drizzle. */
const executorOf = (tx: Transaction): PgBoss.Db => ({
  executeSql(text, values) {
    const parts = text.split(/\$(\d+)/);
    return tx.execute(sql.join(parts.map((part, i) => (i % 2 ? sql`${sql.param(values[+part - 1])}` : sql.raw(part)))));
  },
});

/** Without a start, so that the next fetch counts no retry. */
async function putBack(tx: Transaction, { name, id }: Fetched): Promise<void> {
  await tx.execute(sql`
    update pgboss.job set state = 'created', started_on = null where name = ${name} and id = ${id}::uuid`);
}

const tokenOf = ({ queue, id, retries }: Handle): string => [queue, id, retries].join('/');

function handleOf({ token }: Claim): Handle {
  const [queue, id, retries] = token.split('/');
  return { queue: queue!, id: id!, retries: Number(retries) };
}

/** The delivery of that number, which has not ended. */
const isHeld = ({ queue, id, retries }: Handle): SQL =>
  sql`job.name = ${queue} and job.id = ${id}::uuid and job.retry_count = ${retries} and job.state = 'active'`;

async function renew(db: Executor, claims: readonly Claim[]): Promise<void> {
  for (const claim of claims) {
    const handle = handleOf(claim);
    await db.execute(sql`update pgboss.job set started_on = now() where ${isHeld(handle)}`);
  }
}

/**
 * The ticket first, by one fenced statement; if the process dies before pg-boss knows, the lapsed delivery finds no
 * ticket. A released one is sent again as another job of pg-boss.
 */
async function complete(boss: PgBoss, db: Executor, claim: Claim, outcome: Outcome): Promise<void> {
  const handle = handleOf(claim);
  const own = and(eq(jobTickets.claim, handle.id), sql`exists (select from pgboss.job where ${isHeld(handle)})`);
  const ticket =
    outcome.type === 'released'
      ? db.update(jobTickets).set({ claim: randomUUID(), claimedUntil: null, notBefore: outcome.until }).where(own)
      : db.delete(jobTickets).where(own);
  const { rowCount } = await ticket;
  // Not `fail`, which would deliver it again: whether a failed job begins anew is the engine's to say.
  if (rowCount) await boss.complete(handle.queue, handle.id, { outcome: outcome.type });
}
