/** The contract on our own tables, on PGlite and on Postgres, and what only they must do. */
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transaction } from '../../../src/db/open.ts';
import { jobTickets } from '../../../src/db/schema.ts';
import { ownTablesDispatcher } from '../../../src/jobs/dispatch/own-tables.ts';
import type { Dispatcher } from '../../../src/jobs/dispatch/types.ts';
import { postgresUrl } from '../../db/database.ts';
import { describeDispatcher } from './contract.ts';
import { holdOpen, kindOf, type OpenAdapter, openStage, RolledBack, type Stage } from './stage.ts';

const open: OpenAdapter = async ({ db }) => ({
  dispatcher: ownTablesDispatcher({ db }),
  async age(jobId, seconds) {
    const claimedUntil = sql`${jobTickets.claimedUntil} - ${seconds} * interval '1 second'`;
    await db.update(jobTickets).set({ claimedUntil }).where(eq(jobTickets.jobId, jobId));
  },
  async close() {},
});

for (const kind of postgresUrl ? (['pglite', 'postgres'] as const) : (['pglite'] as const)) {
  describeDispatcher(`our tables on ${kind}`, () => openStage(kind, open));
  describe(`our tables on ${kind}`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage(kind, open);
    });
    afterAll(() => stage?.close());
    ofAnySize(() => stage);
    if (kind === 'postgres') besideOthers(() => stage);
  });
}

function ofAnySize(current: () => Stage): void {
  // PGlite never gathers statistics by itself.
  it.each(['without statistics', 'with statistics'])(
    'read a few rows of 10,000 for a claim, %s',
    async (statistics) => {
      const { database } = current();
      const { kind, request } = kindOf(current());
      const work = database.db.transaction(async (tx) => {
        await tx.execute(sql`
        insert into job_tickets (job_id, kind, priority, created_at)
        select gen_random_uuid(), ${kind}, i % 3, now() + i * interval '1 microsecond' from generate_series(1, 10000) i`);
        if (statistics === 'with statistics') await tx.execute(sql`analyze job_tickets`);
        const before = await rowsRead(tx);
        const dispatcher = ownTablesDispatcher({ db: tx });
        for (let i = 0; i < 20; i++)
          expect((await dispatcher.claim({ ...request, place: randomUUID() })).claim).toBeDefined();
        // A claim passes those that were claimed before it, and reads its own again to change it.
        expect((await rowsRead(tx)) - before).toBeLessThan(20 * 30);
        throw new RolledBack();
      });
      await expect(work).rejects.toThrow(RolledBack);
    },
  );
}

/** Rows that this transaction has fetched from the table so far. */
async function rowsRead(tx: Transaction): Promise<number> {
  const { rows } = await tx.execute<{ read: number }>(sql`
    select (seq_tup_read + idx_tup_fetch)::float8 as read from pg_stat_xact_user_tables where relname = 'job_tickets'`);
  return rows[0]!.read;
}

function besideOthers(current: () => Stage): void {
  it('pass over a ticket that a transaction has locked, and say to ask again soon', async () => {
    const stage = current();
    const { dispatcher, database } = stage;
    const { enqueue, request, claim } = kindOf(stage);
    const [locked, free] = [await enqueue(), await enqueue()];
    const { rollBack } = await holdOpen(database.db, (tx) => dispatcher.cancel(tx, locked));
    expect(await claim()).toMatchObject({ jobId: free });
    const asked = Date.now();
    const { claim: none, askAgainAt } = await dispatcher.claim(request);
    expect(none).toBeUndefined();
    expect(askAgainAt!.getTime() - asked).toBeGreaterThan(500);
    expect(askAgainAt!.getTime() - Date.now()).toBeLessThan(2_000);
    await rollBack();
    expect(await claim()).toMatchObject({ jobId: locked });
  });

  it('renew leases while a transaction has locked one of them', async () => {
    const stage = current();
    const { dispatcher, database } = stage;
    const { enqueue, claim } = kindOf(stage);
    await enqueue();
    await enqueue();
    const [locked, free] = [(await claim())!, (await claim())!];
    for (const { jobId } of [locked, free]) await stage.age(jobId, 50);
    const { rollBack } = await holdOpen(database.db, (tx) => dispatcher.cancel(tx, locked.jobId));
    await dispatcher.beat([locked, free]);
    await rollBack();
    await stage.age(free.jobId, 50);
    expect(await claim()).toBeUndefined();
  });

  it('lose nothing while backends are ended at random', async () => {
    const stage = current();
    const { enqueue, drain, kind } = kindOf(stage);
    const jobIds = new Set<string>();
    for (let i = 0; i < 200; i++) jobIds.add(await enqueue());
    const done = new Set<string>();
    const claimers = await Promise.all([stage.another(), stage.another(), stage.another()]);
    const ending = endBackends(stage);
    await Promise.all(claimers.map((dispatcher) => workThrough(dispatcher, kind, done)));
    expect(await ending.stop()).toBeGreaterThan(5);
    // Claims and outcomes whose answer was lost with the connection.
    for (const jobId of jobIds) await stage.age(jobId, 61);
    for (const jobId of await drain()) done.add(jobId);
    expect(done).toEqual(jobIds);
    expect(await stage.database.db.$count(jobTickets, eq(jobTickets.kind, kind))).toBe(0);
  });
}

/** Claims and completes as a process does that lives through lost connections, until nothing waits. */
async function workThrough(dispatcher: Dispatcher, kind: string, done: Set<string>): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    try {
      const { claim, askAgainAt } = await dispatcher.claim({ kinds: [kind], place: undefined, except: [] });
      if (claim) {
        done.add(claim.jobId);
        await dispatcher.complete(claim, { type: 'done' });
      } else if (!askAgainAt || askAgainAt.getTime() > Date.now() + 10_000) return;
      else await new Promise((resolve) => setTimeout(resolve, 20));
    } catch {
      // The connection was ended.
    }
  }
  throw new Error('Tickets still waited after 2,000 claims of one process');
}

/** Ends a random other connection to the database every few milliseconds; `stop` says how many. */
function endBackends({ database }: Stage): { stop(): Promise<number> } {
  let isOver = false;
  let ended = 0;
  const work = (async () => {
    while (!isOver) {
      const { rowCount } = await database.db.execute(sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        order by random() limit 1`);
      ended += rowCount ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await work;
      return ended;
    },
  };
}
