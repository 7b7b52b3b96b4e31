/**
 * Every write to a running job is fenced by its owner process: once the job has ended, or another process has started
 * it again, writes of the earlier owner change nothing.
 */
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Db, Transaction } from '../../db/open.ts';
import { type JobRow, jobs } from '../../db/schema.ts';
import { unavailable } from '../../errors.ts';
import type { Host } from './host.ts';

const runsHere = ({ name, pid }: Host): SQL | undefined =>
  and(eq(jobs.state, 'RUNNING'), eq(jobs.host, name), eq(jobs.pid, pid));

/**
 * Writes what the work made and ends its job in one transaction: after a crash in between nothing was made, and a
 * repeated request makes it once. If the response to a commit was lost, a second call finds that commit and returns its
 * result. The job's row is locked only at the end, because `write` may take long and heartbeats would wait for the
 * lock.
 */
export function finishJob(
  db: Db,
  host: Host,
  jobId: string,
  write: (tx: Transaction) => Promise<string>,
): Promise<string> {
  return db.transaction(async (tx) => {
    const [job] = await tx.select().from(jobs).where(eq(jobs.id, jobId));
    const own = job?.host === host.name && job.pid === host.pid;
    if (own && job.state === 'SUCCEEDED' && job.resultId !== null) return job.resultId;
    if (!own || job.state !== 'RUNNING') throw superseded(jobId);
    const resultId = await write(tx);
    const [ended] = await tx
      .update(jobs)
      .set({ state: 'SUCCEEDED', resultId, finishedAt: new Date() })
      .where(and(eq(jobs.id, jobId), runsHere(host)))
      .returning({ id: jobs.id });
    if (!ended) throw superseded(jobId);
    return resultId;
  });
}

/** The job's lease was lost; nothing that it made was recorded. */
const superseded = (jobId: string) =>
  unavailable(`Job ${jobId} lost its lease before its work was done`, {
    field: jobId,
    expected: 'a job that this process still owns',
    remedy: 'Send the request again.',
  });

/** Changes jobs that run here. */
export async function updateJobs(
  db: Db,
  host: Host,
  ids: readonly string[],
  changes: Partial<Pick<JobRow, 'state' | 'error' | 'progress' | 'finishedAt'>>,
): Promise<void> {
  await db
    .update(jobs)
    .set(changes)
    .where(and(inArray(jobs.id, [...ids]), runsHere(host)));
}

/** Renews the heartbeat of jobs that run here. */
export async function writeJobHeartbeats(db: Db, host: Host, ids: readonly string[]): Promise<void> {
  await db
    .update(jobs)
    .set({ heartbeatAt: sql`now()` })
    .where(and(inArray(jobs.id, [...ids]), runsHere(host)));
}
