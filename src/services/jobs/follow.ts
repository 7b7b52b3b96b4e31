/** A job as it was after each of its events, replayed from the kept ones and then live. Called by jobEvents. */
import { and, desc, eq, inArray, lte } from 'drizzle-orm';
import { type JobEventRow, type JobRow, jobEvents, liveStates } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { progressOf } from '../../jobs/progress.ts';
import { requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { hasEnded } from './job-state.ts';

/**
 * Without `after`: the job as it is, and after each event to come. With it: the job after each event with a larger seq.
 * Ends once all is told of a job that is neither QUEUED nor RUNNING.
 */
export async function follow(
  tandem: Tandem,
  id: string,
  after: number | null,
  signal: AbortSignal,
): Promise<AsyncIterable<JobRow>> {
  const job = await requireRow(tandem.database.db, 'jobs', id, 'jobId');
  if (after === null) return fromNow(tandem, job, signal);
  if (after < 0 || after > job.lastSeq) {
    throw badInput(`after is ${after}, the job's last event is ${job.lastSeq}`, {
      field: 'after',
      expected: `a whole number from 0 to ${job.lastSeq}`,
      remedy: 'Give the lastSeq of the last job you saw, or 0.',
    });
  }
  return momentsAfter(tandem, job, await momentAt(tandem, job, after), signal);
}

async function* fromNow(tandem: Tandem, job: JobRow, signal: AbortSignal): AsyncGenerator<JobRow, void, undefined> {
  yield job;
  yield* momentsAfter(tandem, job, job, signal);
}

/** `start` is the job as it was after its event `start.lastSeq`; `row` is the job as it was read last. */
async function* momentsAfter(
  tandem: Tandem,
  row: JobRow,
  start: JobRow,
  signal: AbortSignal,
): AsyncGenerator<JobRow, void, undefined> {
  let [latest, moment] = [row, start];
  for await (const item of tandem.jobs.events(row.id, { after: start.lastSeq, signal })) {
    if (item.type === 'heartbeat') continue;
    // Read once for all events that were there when it was read.
    if (item.seq > latest.lastSeq) latest = await requireRow(tandem.database.db, 'jobs', row.id, 'jobId');
    moment = advance(latest, moment, item);
    yield moment;
  }
}

const progressTypes = ['progress', 'preparing', 'step'] as const;

/** The job after its event with this seq. */
async function momentAt({ database: { db } }: Tandem, row: JobRow, seq: number): Promise<JobRow> {
  if (seq === row.lastSeq) return row;
  const lastOf = (types: readonly JobEventRow['type'][]) =>
    db
      .select()
      .from(jobEvents)
      .where(and(eq(jobEvents.jobId, row.id), lte(jobEvents.seq, seq), inArray(jobEvents.type, [...types])))
      .orderBy(desc(jobEvents.seq))
      .limit(1);
  const found = [...(await lastOf(['state'])), ...(await lastOf(progressTypes))].sort((a, b) => a.seq - b.seq);
  const queued: JobRow = { ...row, state: 'QUEUED', error: null, progress: null, finishedAt: null };
  const before: JobRow = { ...queued, ...hidden, attempt: 0, startedAt: null };
  return { ...found.reduce((moment, event) => advance(row, moment, event), before), lastSeq: seq };
}

/** What no event tells, and only the row as it is now has. */
const hidden = { resultId: null, answer: null, notBefore: null, lacks: null } as const;

/** The job after an event: as its row is, if that is its last, and else as the row was then. */
function advance(row: JobRow, before: JobRow, event: JobEventRow): JobRow {
  const { seq, attempt, createdAt, data } = event;
  if (seq === row.lastSeq) return row;
  const startedAt = attempt === 0 ? null : row.startedAt;
  const after: JobRow = { ...row, ...hidden, attempt, startedAt, lastSeq: seq };
  if (data.type !== 'state') {
    const { state, error, finishedAt, progress } = before;
    return { ...after, state, error, finishedAt, progress: progressOf(data) ?? progress };
  }
  const { state, error = null } = data;
  const isLive = liveStates.some((live) => live === state);
  const finishedAt = hasEnded({ kind: row.kind, state }) ? createdAt : null;
  return { ...after, state, error, finishedAt, progress: isLive ? null : before.progress };
}
