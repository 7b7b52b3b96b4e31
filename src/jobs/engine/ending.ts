/**
 * How attempts end: what follows from an error, a cancellation, a stop of the process or its death, and the one write
 * that ends an attempt. A job that begins again is queued by the same transaction.
 */
import { sql } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Transaction } from '../../db/open.ts';
import { foreseenFailure } from '../../db/refusals.ts';
import type { AttemptDetails } from '../../db/schema/types.ts';
import type { JobRow, JobState } from '../../db/schema.ts';
import {
  conflict,
  type ErrorCode,
  keptError,
  limitExceeded,
  type PlainError,
  TandemError,
  unavailable,
} from '../../errors.ts';
import type { JobKindEntry } from '../kinds/catalog.ts';
import { type FollowersContext, followEnd } from './followers.ts';
import { type Attempt, type Begun, changeState, closeAttempt, LostJob, noteDetails, ownJob } from './store.ts';
import { ticketOf } from './ticket.ts';
import { mostAttemptsAfter } from './until-answered.ts';

/** Why a running attempt is to stop; its AbortController's reason. An error = it was abandoned because of that. */
export type StopReason = 'stop' | 'cancel' | 'deadline' | 'lost' | Error;

export interface Ending {
  readonly state: Exclude<JobState, 'RUNNING' | 'SUCCEEDED'>;
  readonly reason?: string;
  readonly error?: PlainError;
  /** With QUEUED: not begun again before so many milliseconds have passed. */
  readonly pauseMs?: number;
  /** With QUEUED: it begins again once its parts have ended. */
  readonly awaitsParts?: true;
  /** Attempts whose process died, this one included. */
  readonly deaths?: number;
  /** Kept with the attempt. */
  readonly details?: AttemptDetails;
}

const serverStopped = 'the server was stopped';
const gone = 'the process that worked on it ended unexpectedly';

/** The pause after the n-th death, which is ten times as long as the one before. */
const pauseAfter = (n: number, { pauseMs }: NonNullable<JobKindEntry['retry']>): number => pauseMs * 10 ** (n - 1);

export const stopping = () =>
  unavailable('Tandem is stopping', { reason: 'stopping', remedy: 'Send the request again once Tandem has started.' });

const cancelled = ({ id }: JobRow) =>
  conflict(`Job ${globalId('Job', id)} was cancelled`, {
    reason: 'cancelled',
    field: globalId('Job', id),
    expected: 'a job that nobody cancels',
    remedy: 'Send the request again; it begins anew.',
  });

const tooLong = ({ id, kind }: JobRow, ms: number) =>
  limitExceeded(`Job ${globalId('Job', id)} (${kind}) took longer than ${ms / 1_000} s`, {
    reason: 'deadline',
    field: globalId('Job', id),
    expected: `an end within ${ms / 1_000} s`,
    remedy: 'Ask for less at once.',
  });

const tooManyDeaths = ({ id, kind }: JobRow, deaths: number) =>
  unavailable(
    `Job ${globalId('Job', id)} (${kind}) was begun ${deaths} times, and each time the process that worked on it died`,
    {
      reason: 'attempts',
      field: globalId('Job', id),
      expected: 'work that its process survives',
      remedy:
        'Look into the log for how the process ended; correct the input, or use a new idempotency key to try again.',
    },
  );

const kept = (error: unknown): PlainError => keptError(foreseenFailure(error) ?? error);

/**
 * Its retry policy, where to begin again makes no second result: a repeat under its key finds it, or the whole that it
 * is a part of.
 */
const retryOf = ({ idempotencyKey, partOf }: JobRow, entry: JobKindEntry | undefined): JobKindEntry['retry'] =>
  idempotencyKey === null && partOf === null ? null : (entry?.retry ?? null);

/** Whoever resumes work sees why it stopped; the caller of other work is told an error. */
const hasCaller = (entry: JobKindEntry | undefined): boolean => entry?.retry !== null;

/** After an orderly stop. */
export function endingOfStop(job: JobRow, entry: JobKindEntry): Ending {
  if (retryOf(job, entry)) return { state: 'QUEUED', reason: serverStopped };
  const error = hasCaller(entry) ? { error: kept(stopping()) } : {};
  return { state: 'INTERRUPTED', reason: serverStopped, ...error };
}

/** Of a job that nobody waits for any more. */
export const interruptedWaiting = () => ({ reason: serverStopped, error: kept(stopping()) });

/** After the death of the process. `entry` undefined = a kind that this version does not know. */
export function endingOfDeath(job: JobRow, entry: JobKindEntry | undefined): Ending {
  const deaths = job.deaths + 1;
  const retry = retryOf(job, entry);
  if (!retry) {
    const error: PlainError = { name: 'TandemError', code: 'UNAVAILABLE', message: gone };
    return { state: 'INTERRUPTED', reason: gone, deaths, ...(hasCaller(entry) && { error }) };
  }
  if (deaths >= retry.attempts) {
    return { state: 'FAILED', reason: gone, error: kept(tooManyDeaths(job, deaths)), deaths };
  }
  return { state: 'QUEUED', reason: gone, pauseMs: pauseAfter(deaths, retry), deaths };
}

/** A run that was cancelled has no error; the caller of other work is told one. */
export const endingOfCancel = (job: JobRow, entry: JobKindEntry | undefined): Ending => ({
  state: 'CANCELLED',
  reason: 'cancelled',
  ...(hasCaller(entry) && { error: kept(cancelled(job)) }),
});

/**
 * What an error of the work means. Work that has a caller begins again, a few times, when the database was in trouble.
 * What the request itself did ends the job; all else interrupts what can be resumed: a thread that died, a database
 * that failed, a refusal to go on with what is here now (CONFLICT: other versions), a defect, which another version may
 * mend.
 */
export function endingOf(error: unknown, stop: AbortSignal, { job, earlier }: Begun, entry: JobKindEntry): Ending {
  const why: StopReason | undefined = stop.aborted ? stop.reason : undefined;
  if (why === 'cancel') return endingOfCancel(job, entry);
  if (why === 'stop') return endingOfStop(job, entry);
  if (why === 'deadline') return { state: 'FAILED', error: kept(tooLong(job, entry.deadlineMs ?? 0)) };
  const thrown = why instanceof Error ? why : error;
  const cause = foreseenFailure(thrown) ?? thrown;
  const plain = kept(cause);
  const inTrouble = earlier.filter(({ trouble }) => trouble).length + 1;
  if (entry.retry && inTrouble < mostAttemptsAfter(thrown)) {
    const pauseMs = entry.retry.pauseMs * 2 ** (inTrouble - 1);
    return { state: 'QUEUED', reason: plain.message, pauseMs, details: { trouble: true } };
  }
  const code = cause instanceof TandemError ? cause.code : undefined;
  const canGoOn = entry.retry === null && (why instanceof Error || code === undefined || resumable.has(code));
  return { state: canGoOn ? 'INTERRUPTED' : 'FAILED', reason: plain.message, error: plain };
}

const resumable: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'CONFLICT']);

/** By the database's clock, which says when the job is due: those of hosts may differ from it. */
async function timeIn(tx: Transaction, ms: number): Promise<Date> {
  const { rows } = await tx.execute<{ now: number }>(sql`select (extract(epoch from now()) * 1000)::float8 as now`);
  return new Date(Math.ceil(Number(rows[0]?.now) + ms));
}

/** A job that would go on and was cancelled meanwhile, perhaps through another host, ends for good. */
function unlessCancelled(ending: Ending, job: JobRow, entry: JobKindEntry | undefined): Ending {
  const { state, reason, deaths } = ending;
  if (!job.cancelRequested || (state !== 'QUEUED' && state !== 'INTERRUPTED')) return ending;
  const why = { ...(reason !== undefined && { reason }), ...(deaths !== undefined && { deaths }) };
  return { ...endingOfCancel(job, entry), ...why };
}

/**
 * Ends an attempt and gives its job the state that follows, and what waits for it. Throws LostJob if it does not own
 * the job any more.
 */
export async function endAttempt(
  tx: Transaction,
  context: FollowersContext,
  { attempt, entry }: { attempt: Attempt; entry: JobKindEntry | undefined },
  ending: Ending,
): Promise<JobRow> {
  const job = await ownJob(tx, attempt);
  const { state, reason, error, pauseMs, deaths } = unlessCancelled(ending, job, entry);
  const again = state === 'QUEUED';
  const awaitsParts = again && ending.awaitsParts === true;
  // A run that can be resumed has not finished.
  const finishedAt = again || (state === 'INTERRUPTED' && entry?.retry === null) ? null : new Date();
  const ended = await changeState(tx, job, state, {
    finishedAt,
    awaitsParts,
    notBefore: again && pauseMs !== undefined ? await timeIn(tx, pauseMs) : null,
    error: error ?? null,
    ...(reason !== undefined && { reason }),
    ...(deaths !== undefined && { deaths }),
  });
  await closeAttempt(tx, attempt, state);
  if (ending.details) await noteDetails(tx, attempt, ending.details);
  if (again && !awaitsParts) await context.dispatcher.enqueue(tx, ticketOf(ended, entry));
  await followEnd(tx, context, ended);
  return ended;
}

/** True if the attempt lost its job: another attempt goes on, and there is nothing to write. */
export const isLost = (error: unknown, stop: AbortSignal): boolean =>
  error instanceof LostJob || stop.reason === 'lost' || stop.reason instanceof LostJob;
