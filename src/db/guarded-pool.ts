/**
 * A pg pool that catches a second connection taken inside a transaction. PGlite is one session: such a query would wait
 * for the transaction that waits for it. On Postgres it would read another snapshot. Both are defects, found at once.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import type { Db } from './handle.ts';

/** Where a piece of asynchronous work stands: inside this transaction, as long as it is open. */
const current = new AsyncLocalStorage<{ open: boolean }>();

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

export class GuardedPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    const misuse = current.getStore()?.open ? insideTransaction() : undefined;
    if (!callback) return misuse ? Promise.reject(misuse) : super.connect();
    if (misuse) callback(misuse, undefined, () => {});
    else super.connect(callback);
    return undefined;
  }
}

/** Marks what `db.transaction` runs, so that the pool knows it. Transactions inside a transaction (savepoints) stay possible. */
export function guardTransactions(db: Db): Db {
  const begin = db.transaction.bind(db);
  db.transaction = (work, settings) =>
    begin((tx) => {
      const scope = { open: true };
      return current
        .run(scope, () => work(tx))
        .finally(() => {
          scope.open = false;
        });
    }, settings);
  return db;
}

/** Leaves the transaction's scope, for work that outlives it (a loop, a timer). */
export const outsideTransaction = <T>(work: () => T): T => current.exit(work);

const insideTransaction = () =>
  new Error(
    'A query was made beside the open transaction; inside one only its own handle is used. This is a bug in Tandem.',
  );
