/**
 * What databases really answer in trouble, and what callers are told; most of it needs the Postgres of
 * DATABASE_URL_TEST.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Transaction } from '../../src/db/open.ts';
import { databaseError } from '../../src/db/refusals.ts';
import { takesWrites } from '../../src/db/takes-writes.ts';
import { createDatabase, openTestDatabase, postgresUrl, type TestDatabase, temporaryFolder } from './database.ts';
import { insertModel } from './rows.ts';

const servers = postgresUrl ? (['pglite', 'postgres'] as const) : (['pglite'] as const);

describe.each(servers)('%s', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
  });
  afterAll(() => database.close());

  const reasonOf = (work: (tx: Transaction) => Promise<unknown>): Promise<string | undefined> =>
    database.db.transaction(work).then(
      () => undefined,
      (error: unknown) => databaseError(error)?.details.reason,
    );

  it('that only reads', async () => {
    const reads = async (tx: Transaction): Promise<void> => {
      await tx.execute(sql`set transaction read only`);
      expect(await takesWrites(tx)).toBe(false);
      await insertModel(tx);
    };
    expect(await takesWrites(database.db)).toBe(true);
    expect(await reasonOf(reads)).toBe('database-read-only');
  });

  const onPostgres = it.runIf(kind === 'postgres');

  onPostgres('that ends a statement by its statement_timeout', async () => {
    const slow = async (tx: Transaction): Promise<void> => {
      await tx.execute(sql`set local statement_timeout = 50`);
      await tx.execute(sql`select pg_sleep(30)`);
    };
    expect(await reasonOf(slow)).toBe('statement-ended');
  });

  onPostgres.each([
    ['pg_cancel_backend', 'statement-ended'],
    ['pg_terminate_backend', 'database-unreachable'],
  ])('in the middle of a statement, by %s', async (call, reason) => {
    const slow = (tx: Transaction) => tx.execute(sql`select ${sql.raw(call)}(pg_backend_pid()), pg_sleep(30)`);
    expect(await reasonOf(slow)).toBe(reason);
  });

  onPostgres('that ends a transaction for being idle', async () => {
    const idle = async (tx: Transaction): Promise<void> => {
      await tx.execute(sql`set local idle_in_transaction_session_timeout = 50`);
      await sleep(300);
      await insertModel(tx);
    };
    expect(await reasonOf(idle)).toBe('database-unreachable');
  });

  onPostgres('whose lock somebody holds for too long', async () => {
    const holds = database.db.transaction(async (tx) => {
      await tx.execute(sql`lock table models in exclusive mode`);
      await sleep(500);
    });
    await sleep(100);
    const waits = async (tx: Transaction): Promise<void> => {
      await tx.execute(sql`set local lock_timeout = 50`);
      await insertModel(tx);
    };
    expect(await reasonOf(waits)).toBe('transaction-conflict');
    await holds;
  });
});

it.runIf(postgresUrl)('a start on a database that only reads says so', async () => {
  const [folder, own] = [await temporaryFolder(), await createDatabase()];
  const url = new URL(own.url);
  url.searchParams.set('options', '-c default_transaction_read_only=on');
  await expect(openDatabase({ dataDir: folder.path, databaseUrl: url.href })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { reason: 'database-read-only', field: 'database' },
  });
  await own.drop();
  await folder.remove();
});
