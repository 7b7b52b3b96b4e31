/** Jobs: their rows, and how a service runs long work as a job and waits for it. */
import { desc, eq, or, sql } from 'drizzle-orm';
import type { Use } from '../../db/schema/types.ts';
import { type JobKind, type JobRow, type JobState, jobs } from '../../db/schema.ts';
import { conflict } from '../../errors.ts';
import type { Finished, JobContext } from '../../jobs/jobs.ts';
import type { Page, Window } from '../common/page.ts';
import { pageOf, requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';

interface Filter {
  readonly kind?: JobKind | null;
  readonly state?: JobState | null;
  readonly idempotencyKey?: string | null;
}

export function list(tandem: Tandem, { filter }: { filter?: Filter | null }, window: Window): Promise<Page<JobRow>> {
  const { kind, state, idempotencyKey } = filter ?? {};
  const conditions = [
    kind ? eq(jobs.kind, kind) : undefined,
    state ? eq(jobs.state, state) : undefined,
    idempotencyKey ? startedWith(idempotencyKey) : undefined,
  ];
  return pageOf(tandem, 'jobs', conditions, [desc(jobs.createdAt), desc(jobs.id)], window);
}

/** An evaluation of several data sets is a job for each, and each has the caller's key with its data set's id. */
const startedWith = (key: string) =>
  or(eq(jobs.idempotencyKey, key), eq(jobs.idempotencyKey, sql`${`${key}:`} || (${jobs.input} ->> 'datasetId')`));

export async function cancel(tandem: Tandem, id: string): Promise<JobRow> {
  const { state } = await requireRow(tandem.database.db, 'jobs', id);
  if (state !== 'RUNNING') {
    throw conflict(`The job has ended: ${state}`, {
      field: 'id',
      expected: 'a job that is RUNNING',
      remedy: 'There is nothing to cancel.',
    });
  }
  return tandem.jobs.cancelJob(id);
}

/** Yields the job now and after each change, until it has ended. */
export async function follow(tandem: Tandem, id: string, signal: AbortSignal): Promise<AsyncIterable<JobRow>> {
  await requireRow(tandem.database.db, 'jobs', id, 'jobId');
  return tandem.jobs.jobEvents(id, { signal });
}

export interface JobRequest {
  readonly input: Readonly<Record<string, unknown>>;
  /** Rows that must stay while it runs. */
  readonly uses?: readonly Use[];
  readonly idempotencyKey?: string | null | undefined;
}

/**
 * Runs `work` as a job and waits for its end. Returns the id of what it made, and the ended job; throws what `work`
 * threw. A second call with the same idempotency key returns the result of the first.
 */
export async function runJob(
  tandem: Tandem,
  kind: JobKind,
  { idempotencyKey, ...rest }: JobRequest,
  work: (context: JobContext) => Promise<Finished>,
): Promise<{ id: string; job: JobRow }> {
  const request = idempotencyKey ? { ...rest, idempotencyKey } : rest;
  const started = await tandem.jobs.startJob(kind, request, work);
  const id = await started.done;
  return { id, job: await requireRow(tandem.database.db, 'jobs', started.job.id) };
}
