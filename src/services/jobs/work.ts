/**
 * Work that a caller asks for: the jobs that do it, which the caller waits for or not. A service checks a request and
 * says which jobs it takes; what they made stands in their rows, so that a caller who did not wait finds the same.
 */
import type { JobRow } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import type { SubmitInput } from '../../jobs/jobs.ts';
import type { JobKind } from '../../jobs/kinds/catalog.ts';
import type { Payload } from '../../jobs/kinds/common/payload.ts';
import type { JobAnswers } from '../../jobs/kinds/index.ts';
import type { Tandem } from '../tandem.ts';

export interface JobRequest<Kind extends JobKind> {
  readonly input: SubmitInput<Kind>;
  /** A part of the input that is too large for a row; the input says its digest. */
  readonly payload?: Payload | undefined;
  readonly idempotencyKey?: string | null | undefined;
  /** What a job of a version up to 0.2.0 answered, which kept no answers; absent = nobody knows. */
  readonly recall?: (job: JobRow) => Promise<JobAnswers[Kind]>;
}

/** Jobs of one kind, in the order in which they are done. */
export interface Work<Kind extends JobKind> {
  readonly kind: Kind;
  readonly requests: readonly JobRequest<Kind>[];
}

/** A job of a kind that has SUCCEEDED. */
export interface Done<Kind extends JobKind> {
  readonly job: JobRow;
  /** Id of what it made. */
  readonly id: string;
  /** Null of a job of a version up to 0.2.0. */
  readonly answer: JobAnswers[Kind] | null;
}

export const workOf = <Kind extends JobKind>(kind: Kind, ...requests: readonly JobRequest<Kind>[]): Work<Kind> => ({
  kind,
  requests,
});

/** Queues all of it at once. */
export async function begin<Kind extends JobKind>(tandem: Tandem, { kind, requests }: Work<Kind>): Promise<JobRow[]> {
  const jobs: JobRow[] = [];
  for (const request of requests) jobs.push(await submit(tandem, kind, request));
  return jobs;
}

/** Has one job done after the other, so that each has the device to itself; throws the error with which one ended. */
export async function finish<Kind extends JobKind>(
  tandem: Tandem,
  { kind, requests }: Work<Kind>,
): Promise<Done<Kind>[]> {
  const all: Done<Kind>[] = [];
  for (const request of requests) {
    const done = doneOf<Kind>(await tandem.jobs.outcome((await submit(tandem, kind, request)).id));
    all.push({ ...done, answer: done.answer ?? (await request.recall?.(done.job)) ?? null });
  }
  return all;
}

export function doneOf<Kind extends JobKind>(job: JobRow): Done<Kind> {
  invariant(job.resultId, 'a job that succeeded made nothing');
  return { job, id: job.resultId, answer: job.answer as JobAnswers[Kind] | null };
}

const submit = <Kind extends JobKind>(
  tandem: Tandem,
  kind: Kind,
  { recall: _recall, idempotencyKey, ...rest }: JobRequest<Kind>,
): Promise<JobRow> => tandem.jobs.submit(kind, { ...rest, idempotencyKey: idempotencyKey ?? undefined });
