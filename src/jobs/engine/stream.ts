/**
 * The events of a job as a stream: it attaches before it reads, reads the table from where the caller stands, then
 * follows by reading again whenever it is woken. Nothing is queued for a reader, so a slow one holds one page and no
 * more.
 */
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { type JobEventRow, type JobState, jobEvents } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import type { Notifier } from './notifier.ts';
import { findJob } from './store.ts';

/** Sent when a job has been silent for 15 s. Not kept, no seq of its own: `seq` is the last one delivered. */
interface JobHeartbeat {
  readonly type: 'heartbeat';
  readonly jobId: string;
  readonly seq: number;
  readonly createdAt: Date;
}

export type JobStreamItem = JobEventRow | JobHeartbeat;

export interface JobStreamOptions {
  /** The last seq the caller has; 0 = from the beginning. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  readonly heartbeatMs?: number;
  /** States in which more may come: the stream ends once all is told of a job in another state. */
  readonly open: readonly JobState[];
}

const pageSize = 200;

export async function* streamJobEvents(
  db: Db,
  notifier: Notifier,
  jobId: string,
  { after = 0, signal, heartbeatMs = 15_000, open }: JobStreamOptions,
): AsyncGenerator<JobStreamItem, void, undefined> {
  if (!Number.isSafeInteger(after) || after < 0) {
    throw badInput(`after is ${after}`, { field: 'after', expected: 'a seq of this job, or 0 for all its events' });
  }
  const waiter = notifier.attach(jobId);
  try {
    for (let [seq, lastItemAt] = [after, performance.now()]; ; ) {
      const job = await findJob(db, jobId);
      const page = job.lastSeq > seq ? await readPage(db, jobId, seq) : [];
      for (const event of page) {
        if (signal?.aborted) return;
        seq = event.seq;
        yield event;
        lastItemAt = performance.now();
      }
      // The row was read before the page: with nothing behind its last event, all events of an ended job were sent.
      if (seq >= job.lastSeq && !open.includes(job.state)) return;
      if (page.length > 0) continue;
      const woken = await waiter.wait(Math.max(0, lastItemAt + heartbeatMs - performance.now()), signal);
      if (woken === 'closed') return;
      if (woken !== 'timeout') continue;
      yield { type: 'heartbeat', jobId, seq, createdAt: new Date() };
      lastItemAt = performance.now();
    }
  } finally {
    waiter.detach();
  }
}

const readPage = (db: Db, jobId: string, after: number): Promise<JobEventRow[]> =>
  db
    .select()
    .from(jobEvents)
    .where(and(eq(jobEvents.jobId, jobId), gt(jobEvents.seq, after)))
    .orderBy(asc(jobEvents.seq))
    .limit(pageSize);
