/**
 * The events of a run as a stream: it attaches before it reads, reads the table from where the caller stands, then
 * follows by reading again whenever it is woken. Nothing is queued for a reader, so a slow one holds one page and no
 * more.
 */
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { type RunEventRow, runEvents, terminalRunStates } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import type { Notifier } from '../engine/notifier.ts';
import { findRun } from './store.ts';

/** Sent when a run has been silent for 15 s. Not kept, no seq of its own: `seq` is the last one delivered. */
interface RunHeartbeat {
  readonly type: 'heartbeat';
  readonly runId: string;
  readonly seq: number;
  readonly createdAt: Date;
}

export type RunStreamItem = RunEventRow | RunHeartbeat;

export interface RunStreamOptions {
  /** The last seq the caller has; 0 = from the beginning. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  readonly heartbeatMs?: number;
}

const pageSize = 200;
const isTerminal = (state: string): boolean => terminalRunStates.some((terminal) => terminal === state);

export async function* streamRunEvents(
  db: Db,
  notifier: Notifier,
  runId: string,
  { after = 0, signal, heartbeatMs = 15_000 }: RunStreamOptions = {},
): AsyncGenerator<RunStreamItem, void, undefined> {
  if (!Number.isSafeInteger(after) || after < 0) {
    throw badInput(`after is ${after}`, { field: 'after', expected: 'a seq of this run, or 0 for all its events' });
  }
  const waiter = notifier.attach(runId);
  try {
    for (let [seq, lastItemAt] = [after, performance.now()]; ; ) {
      const run = await findRun(db, runId);
      const page = await readPage(db, runId, seq);
      for (const event of page) {
        if (signal?.aborted) return;
        seq = event.seq;
        yield event;
        lastItemAt = performance.now();
        if (event.data.type === 'state' && isTerminal(event.data.state)) return;
      }
      if (page.length > 0) continue;
      // The row was read before the page: with nothing behind `seq`, all events of a terminal run were sent.
      if (isTerminal(run.state)) return;
      const woken = await waiter.wait(Math.max(0, lastItemAt + heartbeatMs - performance.now()), signal);
      if (woken === 'closed') return;
      if (woken !== 'timeout') continue;
      yield { type: 'heartbeat', runId, seq, createdAt: new Date() };
      lastItemAt = performance.now();
    }
  } finally {
    waiter.detach();
  }
}

const readPage = (db: Db, runId: string, after: number): Promise<RunEventRow[]> =>
  db
    .select()
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), gt(runEvents.seq, after)))
    .orderBy(asc(runEvents.seq))
    .limit(pageSize);
