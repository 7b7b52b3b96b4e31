/** Numbers are given in the order of commits, and whoever follows misses none and gets none twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changes as changeRows, models } from '../../../src/db/schema.ts';
import { type ChangeItem, type Changes, openChanges } from '../../../src/services/changes/changes.ts';
import { forgetChanges } from '../../../src/services/changes/keep.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { insertModel, insertRun } from '../../db/rows.ts';

let database: TestDatabase;
let changes: Changes;

beforeAll(async () => {
  database = await openTestDatabase();
  changes = openChanges({ database, log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await changes.stop();
  await database.close();
});

interface Follower {
  readonly items: ChangeItem[];
  readonly ended: Promise<void>;
  /** Resolves when it has a change with this number. */
  reaches(seq: number): Promise<void>;
  stop(): Promise<void>;
}

async function follow(request: Partial<Parameters<Changes['follow']>[0]> = {}): Promise<Follower> {
  const gone = new AbortController();
  const items: ChangeItem[] = [];
  const stream = await changes.follow({ signal: gone.signal, ...request });
  const ended = (async () => {
    for await (const item of stream) items.push(item);
  })();
  return {
    items,
    ended,
    async reaches(seq) {
      await expect.poll(() => items.at(-1)?.seq ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(seq);
    },
    async stop() {
      gone.abort();
      await ended;
    },
  };
}

const seqsOf = (items: readonly ChangeItem[]): number[] => items.map(({ seq }) => seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('changes', () => {
  it('begin with the number of now, and tell of a commit without being asked', async () => {
    await insertModel(database.db);
    const last = await changes.lastSeq();
    const follower = await follow();
    await follower.reaches(last);
    const { id } = await insertModel(database.db);
    await follower.reaches(last + 1);
    expect(follower.items).toMatchObject([
      { seq: last, kind: 'position' },
      { seq: last + 1, kind: 'created', type: 'Model', key: id },
    ]);
    await follower.stop();
  });

  it('are all told to everybody while many write and others come and go', async () => {
    const { db } = database;
    const before = await changes.lastSeq();
    const followers = [await follow({ after: before })];
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; n < 10; n++) {
        await db.transaction(async (tx) => {
          const { id } = await insertModel(tx, { name: `${writer}` });
          if (n % 3 === 0) await tx.update(models).set({ name: 'renamed' }).where(eq(models.id, id));
        });
        if (n === 4) followers.push(await follow({ after: writer % 2 === 0 ? before : await changes.lastSeq() }));
      }
    };
    await Promise.all(range(1, 20).map(write));
    const last = await changes.lastSeq();
    expect(last).toBe(before + 200);
    for (const follower of followers) {
      await follower.reaches(last);
      const [first = 0] = seqsOf(follower.items);
      expect(seqsOf(follower.items)).toEqual(range(first, last));
      await follower.stop();
    }
    expect(followers).toHaveLength(21);
  });

  it('of the types that were asked for are told, and the number goes on meanwhile', async () => {
    const after = await changes.lastSeq();
    const follower = await follow({ types: ['Run'], after, heartbeatMs: 50 });
    await insertRun(database.db);
    await follower.reaches(await changes.lastSeq());
    const told = follower.items.filter(({ kind }) => kind !== 'position');
    expect(told).toMatchObject([{ type: 'Run', kind: 'created' }]);
    await follower.stop();
  });

  it('are numbered when nobody follows', async () => {
    await insertModel(database.db);
    await expect
      .poll(async () => (await database.db.execute(sql`select from change_outbox`)).rowCount, { timeout: 20_000 })
      .toBe(0);
  });

  it('only of progress are told after a second at the latest', async () => {
    const run = await insertRun(database.db);
    const after = await changes.lastSeq();
    const follower = await follow({ types: ['Run'], after });
    for (let step = 1; step <= 30; step++) {
      await database.db.execute(sql`update runs set step = ${step} where id = ${run.id}`);
      await sleep(50);
    }
    await sleep(1_500);
    expect(follower.items.length).toBeGreaterThanOrEqual(2);
    expect(follower.items.length).toBeLessThanOrEqual(5);
    expect((await database.db.execute(sql`select from change_outbox`)).rowCount).toBe(0);
    await follower.stop();
  });

  it('that are no longer kept cannot be continued from', async () => {
    const { db } = database;
    for (let n = 0; n < 5; n++) await insertModel(db);
    const last = await changes.lastSeq();
    await forgetChanges(db, { days: 7, atLeast: 3 });
    expect(await db.$count(changeRows)).toBe(last);
    await db
      .update(changeRows)
      .set({ at: sql`now() - interval '8 days'` })
      .where(sql`${changeRows.seq} <= ${last - 1}`);
    await forgetChanges(db, { days: 7, atLeast: 3 });
    expect(await db.$count(changeRows)).toBe(3);
    const resync = { code: 'RESYNC', details: { field: 'after', remedy: expect.stringContaining('changeSeq') } };
    await expect(follow({ after: last - 4 })).rejects.toMatchObject(resync);
    await expect(follow({ after: 0 })).rejects.toMatchObject(resync);
    await expect(follow({ after: last + 1 })).rejects.toMatchObject(resync);
    await expect(follow({ after: -1 })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'after' } });
    const follower = await follow({ after: last - 3 });
    await follower.reaches(last);
    expect(seqsOf(follower.items)).toEqual(range(last - 2, last));
    await follower.stop();
  });
});
