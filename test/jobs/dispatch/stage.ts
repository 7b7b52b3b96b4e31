/** A database with a dispatcher on it, for the contract suite; and more of both, as other processes have them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, type Db, openDatabase, type Transaction } from '../../../src/db/open.ts';
import type { Claim, ClaimRequest, Dispatcher, Ticket } from '../../../src/jobs/dispatch/types.ts';
import { openTestDatabase, temporaryFolder } from '../../db/database.ts';

interface Adapter {
  readonly dispatcher: Dispatcher;
  /** As if the lease of the job's delivery had begun so much earlier. */
  age(jobId: string, seconds: number): Promise<void>;
  close(): Promise<void>;
}

export type OpenAdapter = (database: Database) => Promise<Adapter>;

export interface Stage extends Adapter {
  readonly database: Database;
  /** The dispatcher of another process: on Postgres with connections of its own. PGlite has one process. */
  another(): Promise<Dispatcher>;
}

export async function openStage(kind: Database['kind'], open: OpenAdapter): Promise<Stage> {
  const database = await openTestDatabase(kind);
  const closers = [() => database.close()];
  const adapterOf = async (opened: Database): Promise<Adapter> => {
    const adapter = await open(opened);
    closers.push(() => adapter.close());
    return adapter;
  };
  return {
    ...{ ...(await adapterOf(database)), database },
    async another() {
      if (kind === 'pglite') return (await adapterOf(database)).dispatcher;
      const folder = await temporaryFolder();
      closers.push(() => folder.remove());
      const other = await openDatabase({ dataDir: folder.path, databaseUrl: database.pool.options.connectionString });
      closers.push(() => other.close());
      return (await adapterOf(other)).dispatcher;
    },
    async close() {
      for (const close of closers.reverse()) await close();
    },
  };
}

/** So long a transaction is held open at most: what waits for it then fails its test instead of blocking it. */
const heldAtMostMs = 5_000;

/** A transaction that has written and stays open. Not on PGlite: there nobody else could ask meanwhile. */
export function holdOpen(
  db: Db,
  write: (tx: Transaction) => Promise<void>,
): Promise<{ commit(): Promise<void>; rollBack(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const work = db.transaction(async (tx) => {
      await write(tx);
      let isOpen = true;
      const isKept = await new Promise<boolean>((end) => {
        const endNow = (kept: boolean): void => {
          isOpen = false;
          clearTimeout(timer);
          end(kept);
        };
        const timer = setTimeout(() => endNow(false), heldAtMostMs);
        const ended = async (kept: boolean): Promise<void> => {
          if (!isOpen) throw new Error(`Something waited ${heldAtMostMs} ms for the transaction that was held open`);
          endNow(kept);
          await settled;
        };
        resolve({ commit: () => ended(true), rollBack: () => ended(false) });
      });
      if (!isKept) throw new RolledBack();
    });
    const settled = work.catch((error) => {
      if (!(error instanceof RolledBack)) reject(error);
    });
  });
}

export class RolledBack extends Error {}

/** Tickets and requests of one kind that no other test uses, so that tests share a database and not their tickets. */
export function kindOf({ database, dispatcher }: Stage) {
  const kind = `kind-${randomUUID()}`;
  const request: ClaimRequest = { kinds: [kind], place: undefined, except: [] };
  return {
    kind,
    request,
    async enqueue(given: Partial<Ticket> = {}): Promise<string> {
      const ticket = { ...{ jobId: randomUUID(), kind, priority: 0, place: null, notBefore: null }, ...given };
      await database.db.transaction((tx) => dispatcher.enqueue(tx, ticket));
      return ticket.jobId;
    },
    /** What is delivered now; undefined = nothing. */
    async claim(given: Partial<ClaimRequest> = {}): Promise<Claim | undefined> {
      return (await dispatcher.claim({ ...request, ...given })).claim;
    },
    /** Job ids in the order of delivery, until nothing is left for this request. */
    async drain(given: Partial<ClaimRequest> = {}): Promise<string[]> {
      const jobIds: string[] = [];
      for (let i = 0; i < 1_000; i++) {
        const { claim } = await dispatcher.claim({ ...request, ...given });
        if (!claim) break;
        jobIds.push(claim.jobId);
        await dispatcher.complete(claim, { type: 'done' });
      }
      return jobIds;
    },
  };
}

export const until = (time: Date): Promise<void> => sleep(Math.max(0, time.getTime() - Date.now()));
