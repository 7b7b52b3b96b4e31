/** The events of a job as a log that many follow. */
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { type JobEventRow, type JobRow, type JobState, jobEvents } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { followLog } from '../../live/follow.ts';
import { Logs } from '../../live/logs.ts';
import type { Notifier } from '../../live/notifier.ts';
import { findJob } from './store.ts';

/** Sent when a job has been silent for 15 s. Not kept, no seq of its own: `seq` is the last one delivered. */
interface JobHeartbeat {
  readonly type: 'heartbeat';
  readonly jobId: string;
  readonly seq: number;
  readonly createdAt: Date;
}

export type JobStreamItem = JobEventRow | JobHeartbeat;

interface JobStreamOptions {
  /** The last seq the caller has; 0 = from the beginning. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  readonly heartbeatMs?: number;
  /** States in which more may come: the stream ends once all is told of a job in another state. */
  readonly open: readonly JobState[];
}

const pageSize = 200;

/** Its head is the job's row. */
type JobLogs = Logs<JobRow, JobStreamItem>;

export function jobLogs(db: Db, notifier: Notifier): JobLogs {
  const page = (jobId: string, after: number): Promise<JobEventRow[]> =>
    db
      .select()
      .from(jobEvents)
      .where(and(eq(jobEvents.jobId, jobId), gt(jobEvents.seq, after)))
      .orderBy(asc(jobEvents.seq))
      .limit(pageSize);
  return new Logs<JobRow, JobStreamItem>({ head: (jobId) => findJob(db, jobId), page }, notifier);
}

export async function* streamJobEvents(
  logs: JobLogs,
  jobId: string,
  { after = 0, signal, heartbeatMs = 15_000, open }: JobStreamOptions,
): AsyncGenerator<JobStreamItem, void, undefined> {
  if (!Number.isSafeInteger(after) || after < 0) {
    throw badInput(`after is ${after}`, { field: 'after', expected: 'a seq of this job, or 0 for all its events' });
  }
  const reader = logs.attach(jobId);
  try {
    yield* followLog(reader, {
      ...{ after, signal, heartbeatMs },
      heartbeat: (seq) => ({ type: 'heartbeat', jobId, seq, createdAt: new Date() }),
      isOpen: ({ state }) => open.includes(state),
    });
  } finally {
    reader.detach();
  }
}
