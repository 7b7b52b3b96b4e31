/**
 * 200 jobs of mixed kinds while the connections of the pool are ended at random, as a failover or an administrator
 * does: all end right, none twice. Needs the Postgres of DATABASE_URL_TEST.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresUrl } from '../db/database.ts';
import { drawsOf } from './draws.ts';
import { type Ledger, openLedger, overlaps } from './ledger.ts';
import { ask, expectEachOnce, together } from './mixed-work.ts';
import { openStage, type Stage } from './stage.ts';

const count = 200;
const atOnce = 8;
/** Mean pause between two ended connections. */
const everyMs = 100;
const prepareMs = 180_000;

describe('ended-backends', () => {
  let stage: Stage;
  let ledger: Ledger;
  beforeAll(async () => {
    expect(postgresUrl, 'DATABASE_URL_TEST must name a Postgres with pgvector').toBeTruthy();
    // Its log would tell of every ended connection.
    stage = await openStage('postgres', 'silent');
    ledger = await openLedger(stage.databaseUrl!);
  }, prepareMs);
  afterAll(async () => {
    await ledger?.close();
    await stage?.close();
  });

  it('does each of 200 jobs once, however often its connections end', async () => {
    const before = await ledger.counts();
    const draw = drawsOf(1);
    let ended = 0;
    let done = false;

    async function endBackends(): Promise<void> {
      while (!done) {
        ended += await ledger.endBackend(draw());
        await sleep(2 * everyMs * draw());
      }
    }

    const work = together(count, atOnce, async (n) => {
      await ask(stage.client, stage.place, n);
    }).finally(() => {
      done = true;
    });
    await Promise.all([work, endBackends()]);

    await expectEachOnce(ledger, before, count);
    const attempts = await ledger.attempts();
    console.log(`${count} jobs in ${attempts.length} attempts while ${ended} connections were ended`);
    expect(overlaps(attempts, new Map())).toEqual([]);
    expect(attempts.filter(({ ended: at }) => at === null)).toEqual([]);
    expect(ended).toBeGreaterThan(20);
  });
});
