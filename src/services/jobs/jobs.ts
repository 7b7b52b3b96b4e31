/** Jobs: their rows, and how a service has durable work done and waits for it. */
import { and, asc, desc, eq, inArray, lte, or, sql } from 'drizzle-orm';
import type { JobEventData } from '../../db/schema/types.ts';
import {
  type JobAttemptRow,
  type JobRow,
  type JobState,
  jobAttempts,
  jobEvents,
  jobs,
  liveStates,
} from '../../db/schema.ts';
import { badInput, conflict, invariant } from '../../errors.ts';
import type { SubmitInput } from '../../jobs/jobs.ts';
import type { JobKind } from '../../jobs/kinds/catalog.ts';
import type { Payload } from '../../jobs/kinds/common/payload.ts';
import type { JobAnswers } from '../../jobs/kinds/index.ts';
import { progressOf } from '../../jobs/progress.ts';
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
  const job = await requireRow(tandem.database.db, 'jobs', id);
  const canBeCancelled = isLive(job) || (job.kind === 'train' && job.state === 'INTERRUPTED');
  if (!canBeCancelled) {
    throw conflict(`The job has ended: ${job.state}`, {
      field: 'id',
      expected: 'a job that is QUEUED or RUNNING, or an interrupted run',
      remedy: 'There is nothing to cancel.',
    });
  }
  return tandem.jobs.cancel(id);
}

const isLive = ({ state }: JobRow): boolean => liveStates.some((live) => live === state);

/** Deletes a job that has ended; that of a run goes with the run. */
export async function remove(tandem: Tandem, id: string): Promise<void> {
  const { kind } = await requireRow(tandem.database.db, 'jobs', id);
  if (kind === 'train') {
    throw conflict('The job belongs to a run', {
      field: 'id',
      expected: 'a job of another kind',
      remedy: 'Delete the run: its job goes with it.',
    });
  }
  await tandem.jobs.remove(id);
}

export const attemptsOf = ({ database: { db } }: Tandem, jobId: string): Promise<JobAttemptRow[]> =>
  db.select().from(jobAttempts).where(eq(jobAttempts.jobId, jobId)).orderBy(asc(jobAttempts.number));

/** The host that works on it, or worked on it last; null before the first attempt. */
export async function hostOf({ database: { db } }: Tandem, { id, attempt }: JobRow): Promise<string | null> {
  if (attempt === 0) return null;
  const [last] = await db
    .select({ host: jobAttempts.host })
    .from(jobAttempts)
    .where(and(eq(jobAttempts.jobId, id), eq(jobAttempts.number, attempt)));
  return last?.host ?? null;
}

/** Why a queued job has not begun, for people; null of one that is not queued. */
export function waitsFor({ jobs: { place } }: Tandem, job: JobRow): string | null {
  if (job.state !== 'QUEUED') return null;
  if (job.notBefore && job.notBefore > new Date()) {
    return `It begins again at ${job.notBefore.toISOString()}, after its process died ${job.deaths} time(s).`;
  }
  if (job.place !== null && job.place !== place) return `It waits for the host of the data folder ${job.place}.`;
  if (job.lacks !== null) return `It waits for the host that has ${job.lacks}.`;
  return 'It waits for its turn.';
}

/**
 * Without `after`: the job now, and after each change. With it: the job after each event with a larger seq, and on.
 * Ends once it is neither QUEUED nor RUNNING.
 */
export async function follow(
  tandem: Tandem,
  id: string,
  after: number | null,
  signal: AbortSignal,
): Promise<AsyncIterable<JobRow>> {
  const job = await requireRow(tandem.database.db, 'jobs', id, 'jobId');
  if (after === null) return momentsOf(tandem, job, job.lastSeq, signal, true);
  if (after < 0 || after > job.lastSeq) {
    throw badInput(`after is ${after}, the job's last event is ${job.lastSeq}`, {
      field: 'after',
      expected: `a whole number from 0 to ${job.lastSeq}`,
      remedy: 'Give the lastSeq of the last job you saw, or 0.',
    });
  }
  return momentsOf(tandem, await asOf(tandem, job, after), after, signal, false);
}

/** The job after its event with this seq. */
async function asOf({ database: { db } }: Tandem, job: JobRow, seq: number): Promise<JobRow> {
  const told = await db
    .selectDistinctOn([jobEvents.type], { data: jobEvents.data })
    .from(jobEvents)
    .where(
      and(
        eq(jobEvents.jobId, job.id),
        lte(jobEvents.seq, seq),
        inArray(jobEvents.type, ['state', 'progress', 'preparing', 'step']),
      ),
    )
    .orderBy(jobEvents.type, desc(jobEvents.seq));
  const start: JobRow = { ...job, state: 'QUEUED', error: null, progress: null, lastSeq: seq };
  return told.reduce((moment, { data }) => advance(moment, data, seq), start);
}

async function* momentsOf(
  tandem: Tandem,
  start: JobRow,
  after: number,
  signal: AbortSignal,
  withStart: boolean,
): AsyncGenerator<JobRow, void, undefined> {
  if (withStart) yield start;
  let moment = start;
  for await (const item of tandem.jobs.events(start.id, { after, signal })) {
    if (!('data' in item)) continue;
    const now = await requireRow(tandem.database.db, 'jobs', start.id, 'jobId');
    moment = advance(
      { ...now, state: moment.state, error: moment.error, progress: moment.progress },
      item.data,
      item.seq,
    );
    yield moment;
  }
}

/** Rows of this kind of work are told from its events. */
function advance(job: JobRow, data: JobEventData, seq: number): JobRow {
  const progress = progressOf(data) ?? job.progress;
  if (data.type !== 'state') return { ...job, progress, lastSeq: seq };
  return { ...job, state: data.state, error: data.error ?? null, progress, lastSeq: seq };
}

/** A job of a kind, once it has SUCCEEDED. */
export interface Done<Kind extends JobKind> {
  readonly job: JobRow;
  /** Id of what it made. */
  readonly id: string;
  /** Absent of a job of a version up to 0.2.0. */
  readonly answer: JobAnswers[Kind] | null;
}

/** Has a job done and waits for its end; throws the error with which it ended otherwise. */
export async function runJob<Kind extends JobKind>(
  tandem: Tandem,
  kind: Kind,
  { idempotencyKey, ...rest }: JobRequest<Kind>,
): Promise<Done<Kind>> {
  const { id } = await tandem.jobs.submit(kind, { ...rest, idempotencyKey: idempotencyKey ?? undefined });
  const job = await tandem.jobs.outcome(id);
  invariant(job.resultId, 'a job that succeeded made nothing');
  return { job, id: job.resultId, answer: job.answer as JobAnswers[Kind] | null };
}

interface JobRequest<Kind extends JobKind> {
  readonly input: SubmitInput<Kind>;
  /** A part of the input that is too large for a row; the input says its digest. */
  readonly payload?: Payload | undefined;
  readonly idempotencyKey?: string | null | undefined;
}
