/** Jobs: their rows, and what people do to them. */

import { and, asc, desc, eq, inArray } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import { type JobAttemptRow, type JobRow, jobAttempts, jobs, liveStates } from '../../db/schema.ts';
import { conflict } from '../../errors.ts';
import type { AnyJob } from '../../jobs/define.ts';
import type { JobKind, JobKindEntry } from '../../jobs/kinds/catalog.ts';
import { jobKinds } from '../../jobs/kinds/index.ts';
import type { Deletion, Refusal } from '../common/editing/remove.ts';
import { requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { deleteJobs } from './delete.ts';
import { entryOf, hasEnded } from './job-state.ts';

/** Stops a job of any kind, on this host or another; one that waits, or a run that is interrupted, ends at once. */
export async function cancel(tandem: Tandem, id: string): Promise<JobRow> {
  const job = await requireRow(tandem.database.db, 'jobs', id);
  if (hasEnded(job)) {
    throw conflict(`The job has ended: ${job.state}`, {
      field: 'id',
      expected: 'a job that is QUEUED or RUNNING, or an interrupted run',
      remedy: 'There is nothing to cancel.',
    });
  }
  return tandem.jobs.cancel(id);
}

/** A job that has ended goes alone; that of a run, or of a search, goes with it. */
export const deletion: Deletion<'jobs'> = {
  noun: 'jobs',
  locked: jobs,
  async refusal(tx, { id, kind, state, partOf }) {
    if (kind === 'train') return isWorkOf(`run "${(await requireRow(tx, 'runs', id)).name}"`, 'run', 'deleteRun');
    if (kind === 'search-fusion') {
      return isWorkOf(`search for a fusion ${globalId('FusionSearch', id)}`, 'search', 'deleteFusionSearch');
    }
    if (kind === 'search-architecture') {
      const { name } = await requireRow(tx, 'architectureSearches', id);
      return isWorkOf(`architecture search "${name}"`, 'search', 'deleteArchitectureSearch');
    }
    if (liveStates.some((live) => live === state)) {
      return {
        message: `The job is ${state}`,
        expected: 'a job that has ended',
        remedy: 'Cancel it first, or let it end.',
      };
    }
    const whole = partOf === null ? null : await requireRow(tx, 'jobs', partOf);
    if (!whole || hasEnded(whole)) return null;
    return {
      message: `The job is a part of job ${globalId('Job', whole.id)}, which is ${whole.state}`,
      expected: 'a job that is a part of none, or of one that has ended',
      remedy: 'Let that job end, or cancel it.',
    };
  },
  remove: deleteJobs,
};

const isWorkOf = (what: string, noun: string, mutation: string): Refusal => ({
  message: `The job is the work of the ${what}`,
  expected: 'a job of another kind',
  remedy: `Delete the ${noun} with ${mutation}: its job goes with it.`,
});

/** The attempts at each of the jobs, oldest first, in the order of the ids. */
export async function attemptsOf(
  { database: { db } }: Tandem,
  jobIds: readonly string[],
): Promise<readonly JobAttemptRow[][]> {
  const rows = await db
    .select()
    .from(jobAttempts)
    .where(inArray(jobAttempts.jobId, [...jobIds]))
    .orderBy(asc(jobAttempts.jobId), asc(jobAttempts.number));
  return jobIds.map((id) => rows.filter(({ jobId }) => jobId === id));
}

/** The host of the last attempt at each of the jobs, in the order of the ids; null before the first attempt. */
export async function hostsOf(
  { database: { db } }: Tandem,
  jobIds: readonly string[],
): Promise<readonly (string | null)[]> {
  const rows = await db
    .selectDistinctOn([jobAttempts.jobId], { jobId: jobAttempts.jobId, host: jobAttempts.host })
    .from(jobAttempts)
    .where(inArray(jobAttempts.jobId, [...jobIds]))
    .orderBy(asc(jobAttempts.jobId), desc(jobAttempts.number));
  const hosts = new Map(rows.map(({ jobId, host }) => [jobId, host]));
  return jobIds.map((id) => hosts.get(id) ?? null);
}

/** A row that a job names. */
interface Named {
  readonly type: NonNullable<JobKindEntry['subject']> | JobKindEntry['result'];
  readonly id: string;
}

/** What the job works on; null where it brings in something new, and where version 0.2.0 did not keep it. */
export function subjectOf(job: JobRow): Named | null {
  const type = entryOf(job)?.subject;
  if (!type) return null;
  const definition: AnyJob = jobKinds[job.kind as JobKind];
  const { success, data } = definition.input.safeParse(job.input);
  const id = success ? definition.subject(data) : null;
  return id === null ? null : { type, id };
}

/** What the job made; null unless it SUCCEEDED. */
export function resultOf(job: JobRow): Named | null {
  const type = entryOf(job)?.result;
  return type && job.resultId !== null ? { type, id: job.resultId } : null;
}

/** Why each of the queued jobs has not begun, for people, in the order of the jobs; null of one that is not queued. */
export async function waitsFor(tandem: Tandem, asked: readonly JobRow[]): Promise<(string | null)[]> {
  const awaiting = asked.filter(({ state, awaitsParts }) => state === 'QUEUED' && awaitsParts);
  const parts = await interruptedParts(tandem, awaiting);
  return asked.map((job) => {
    if (job.state !== 'QUEUED') return null;
    return job.awaitsParts ? waitsForParts(parts.get(job.id)) : waitsForTurn(tandem, job);
  });
}

/** The first part of each of the jobs that is INTERRUPTED, by the job. */
async function interruptedParts(
  { database }: Tandem,
  asked: readonly JobRow[],
): Promise<ReadonlyMap<string | null, string>> {
  if (asked.length === 0) return new Map();
  const ids = asked.map(({ id }) => id);
  const rows = await database.db
    .selectDistinctOn([jobs.partOf], { id: jobs.id, partOf: jobs.partOf })
    .from(jobs)
    .where(and(inArray(jobs.partOf, ids), eq(jobs.state, 'INTERRUPTED')))
    .orderBy(asc(jobs.partOf), asc(jobs.createdAt), asc(jobs.id));
  return new Map(rows.map(({ id, partOf }) => [partOf, id]));
}

function waitsForParts(part: string | undefined): string {
  if (part === undefined) return 'It waits for its parts to end: other jobs that it has queued.';
  return `It waits until job ${globalId('Job', part)}, a part of it that is INTERRUPTED, is resumed or cancelled.`;
}

function waitsForTurn({ jobs: { place } }: Tandem, job: JobRow): string {
  if (job.after !== null) return `It waits until job ${globalId('Job', job.after)} has SUCCEEDED.`;
  if (job.notBefore && job.notBefore > new Date()) {
    return `${pausedBy(job)}: it begins again at ${job.notBefore.toISOString()}.`;
  }
  if (job.lacks !== null) return `It waits for a host that has ${job.lacks} in its data folder.`;
  if (job.place !== null && job.place !== place) {
    return `It waits for the host that accepted it, which has the data folder ${job.place}.`;
  }
  const atOnce = entryOf(job)?.concurrency ?? 1;
  return `It waits for its turn: a host works on ${atOnce} of its kind at a time.`;
}

function pausedBy({ deaths }: JobRow): string {
  if (deaths === 0) return 'It lost its connection to the database';
  return `The process that worked on it has died ${deaths === 1 ? 'once' : `${deaths} times`}`;
}
