/** The contract on pg-boss 10, on PGlite and on Postgres, and its relay. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobTickets } from '../../src/db/schema.ts';
import { postgresUrl } from '../db/database.ts';
import { describeDispatcher } from '../jobs/dispatch/contract.ts';
import { openPgBoss } from '../jobs/dispatch/pg-boss.ts';
import { kindOf, type OpenAdapter, openStage, type Stage, until } from '../jobs/dispatch/stage.ts';

const open: OpenAdapter = async (database) => {
  const dispatcher = await openPgBoss(database);
  return {
    dispatcher,
    async age(jobId, seconds) {
      const { db } = database;
      const claim = db.select({ claim: jobTickets.claim }).from(jobTickets).where(eq(jobTickets.jobId, jobId));
      await db.execute(sql`
        update pgboss.job set started_on = started_on - ${seconds} * interval '1 second' where id in (${claim})`);
    },
    close: () => dispatcher.close(),
  };
};

describeDispatcher('pg-boss on pglite', () => openStage('pglite', open));
if (postgresUrl) describeDispatcher('pg-boss on postgres', () => openStage('postgres', open));

describe('the relay to pg-boss', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage('pglite', open);
  });
  afterAll(() => stage?.close());

  /** As if it had died after it sent the ticket and before it noted that. */
  async function forgetSent(jobId: string): Promise<void> {
    await stage.database.db.update(jobTickets).set({ claimedUntil: null }).where(eq(jobTickets.jobId, jobId));
  }

  it('sends a ticket again when it died before it noted the first time, and it is delivered once', async () => {
    const { enqueue, request, claim } = kindOf(stage);
    const jobId = await enqueue({ notBefore: new Date(Date.now() + 3_000) });
    const { askAgainAt } = await stage.dispatcher.claim(request);
    await forgetSent(jobId);
    await until(askAgainAt!);
    const delivered = (await claim())!;
    expect(delivered.jobId).toBe(jobId);
    await forgetSent(jobId);
    expect(await claim()).toBeUndefined();
    await stage.dispatcher.complete(delivered, { type: 'done' });
    expect(await stage.dispatcher.claim(request)).toEqual({});
  });

  it('leaves nothing in the outbox of what is completed', async () => {
    const { enqueue, drain, kind } = kindOf(stage);
    const jobIds = [await enqueue(), await enqueue()];
    expect(await drain()).toEqual(jobIds);
    expect(await stage.database.db.$count(jobTickets, eq(jobTickets.kind, kind))).toBe(0);
  });
});
