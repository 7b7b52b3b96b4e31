/**
 * A pg pool that catches a second connection taken inside a transaction. PGlite is one session: such a query would wait
 * for the transaction that waits for it. On Postgres it would read another snapshot. Both are defects, found at once.
 * It also takes back the connection of every transaction: Drizzle keeps one whose BEGIN fails, as on a connection that
 * the server ended, and a pool that lends all of its connections for ever answers nobody any more. And it tells of
 * every commit that wrote something.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import type { Db } from './handle.ts';

/** A transaction, as the asynchronous work inside it sees it. */
interface Scope {
  open: boolean;
  readonly afterCommit: (() => void)[];
}

const current = new AsyncLocalStorage<Scope>();

/** Connections that a transaction has not given back: each closes one and frees its place in the pool. */
type Loans = Set<() => void>;

const taking = new AsyncLocalStorage<Loans>();

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

export class GuardedPool extends pg.Pool {
  readonly #onWritten = new Set<() => void>();

  constructor(config: pg.PoolConfig) {
    super(config);
    // A broken connection rejects its query and emits an event, which ends the process without a listener. The pool
    // listens to idle ones only.
    this.on('connect', (client) => {
      client.on('error', () => {});
      tellOfWrites(client, () => {
        for (const listener of this.#onWritten) listener();
      });
    });
  }

  /** Calls back after every commit of this process that wrote rows, until the returned function is called. */
  onWritten(listener: () => void): () => void {
    this.#onWritten.add(listener);
    return () => void this.#onWritten.delete(listener);
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    const misuse = current.getStore()?.open ? insideTransaction() : undefined;
    if (!callback) return misuse ? Promise.reject(misuse) : super.connect().then(lend);
    if (misuse) callback(misuse, undefined, () => {});
    else super.connect(callback);
    return undefined;
  }
}

/** What the server says of a statement, and of itself once it has answered: I = outside of a transaction. */
interface Protocol extends NodeJS.EventEmitter {
  on(event: 'commandComplete', listener: (message: { readonly text: string }) => void): this;
  on(event: 'readyForQuery', listener: (message: { readonly status: string }) => void): this;
}

const writes = /^(INSERT 0|UPDATE|DELETE|MERGE) [1-9]/;

/** By what the server answers: whoever sends the statement, and however, a commit is told and a rollback is not. */
function tellOfWrites(client: pg.PoolClient, tell: () => void): void {
  const { connection } = client as unknown as { readonly connection: Protocol };
  let wrote = false;
  connection.on('commandComplete', ({ text }) => {
    if (text === 'ROLLBACK') wrote = false;
    else wrote ||= writes.test(text);
  });
  connection.on('readyForQuery', ({ status }) => {
    if (status !== 'I' || !wrote) return;
    wrote = false;
    tell();
  });
}

/** Notes the connection with the transaction that takes it, until it is given back. */
function lend(client: pg.PoolClient): pg.PoolClient {
  const loans = taking.getStore();
  if (!loans) return client;
  const { release } = client;
  const takeBack = (): void => release(true);
  loans.add(takeBack);
  client.release = (destroy) => {
    loans.delete(takeBack);
    release(destroy);
  };
  return client;
}

/**
 * Marks what `db.transaction` runs, so that the pool knows it. Transactions inside a transaction (savepoints) stay
 * possible.
 */
export function guardTransactions(db: Db): Db {
  const begin = db.transaction.bind(db);
  db.transaction = async (work, settings) => {
    const scope: Scope = { open: true, afterCommit: [] };
    const loans: Loans = new Set();
    const ended = taking.run(loans, () => begin((tx) => current.run(scope, () => work(tx)), settings));
    const result = await ended.finally(() => {
      scope.open = false;
      for (const takeBack of loans) takeBack();
    });
    for (const callback of scope.afterCommit) callback();
    return result;
  };
  return db;
}

/** Calls back once the transaction around the caller has committed, never if it rolls back; at once outside of one. */
export function afterCommit(callback: () => void): void {
  const scope = current.getStore();
  if (scope?.open) scope.afterCommit.push(callback);
  else callback();
}

const insideTransaction = () =>
  new Error(
    'A query was made beside the open transaction; inside one only its own handle is used. This is a bug in Tandem.',
  );
