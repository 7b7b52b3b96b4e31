/**
 * One attempt at a job, from its claim to its end. Whatever happens, it ends with a state and its event, unless another
 * attempt has taken the job over.
 */

import { globalId } from '../../db/global-id.ts';
import type { Transaction } from '../../db/open.ts';
import type { JobProgress } from '../../db/schema/types.ts';
import type { JobRow } from '../../db/schema.ts';
import { takesWrites } from '../../db/takes-writes.ts';
import { conflict } from '../../errors.ts';
import type { AnyJob, Finished, JobContext, JobTools, Made } from '../define.ts';
import type { JobKindEntry } from '../kinds/catalog.ts';
import { releasePayloads } from '../kinds/common/payload.ts';
import { type Ending, endAttempt, endingOf, endingOfStop, isLost } from './ending.ts';
import { type FollowersContext, followEnd } from './followers.ts';
import type { Host } from './host.ts';
import { suspendAttempt } from './parts.ts';
import { ProgressWriter } from './progress-writer.ts';
import { type Attempt, appendEvents, type Begun, finishJob, LostJob, noteDetails, ownJob } from './store.ts';
import { type AttemptOutcome, observeAttempt } from './traces.ts';
import { untilAnswered } from './until-answered.ts';

export interface AttemptContext extends JobTools, FollowersContext {
  readonly host: Host;
  /** Whether other hosts work on this database: then places and files count. */
  readonly shared: boolean;
  /** Aborts when the process stops. */
  readonly closing: AbortSignal;
  /** Why the ends of jobs could not be written yet, by their ids. */
  readonly unwritten: Map<string, unknown>;
}

/** Resolves when the attempt has ended and its end is recorded; never rejects for what went wrong in the job. */
export const executeAttempt = (
  context: AttemptContext,
  begun: Begun,
  definition: AnyJob,
  stop: AbortController,
): Promise<void> => observeAttempt(begun.job, (told) => execute(context, begun, definition, { stop, told }));

/** What stops an attempt, and where it says how it ended. */
interface Course {
  readonly stop: AbortController;
  readonly told: AttemptOutcome;
}

async function execute(context: AttemptContext, begun: Begun, definition: AnyJob, course: Course): Promise<void> {
  const { notifier, log } = context;
  const { stop, told } = course;
  const { job } = begun;
  try {
    const ending = await work(context, begun, definition, course);
    if (ending) {
      await writeEnding(context, begun, definition, ending);
      told.outcome = ending.state;
    }
  } catch (error) {
    if (!isLost(error, stop.signal)) log.error({ error, job: job.id }, 'the end of a job could not be written');
  }
  notifier.wake(job.id);
  await releasePayloads(context, job.uses);
}

/** Undefined = it succeeded, or there is nothing to write, because another attempt goes on. */
async function work(
  context: AttemptContext,
  begun: Begun,
  { entry, input, run }: AnyJob,
  { stop, told }: Course,
): Promise<Ending | undefined> {
  const { job } = begun;
  const { log } = context;
  const deadline =
    entry.deadlineMs === null ? undefined : setTimeout(() => stop.abort('deadline'), entry.deadlineMs).unref();
  const progress = progressWriter(context, begun, stop);
  try {
    await run(contextOf(context, begun, entry, { progress, stop, told }), readInput(input, job));
    return undefined;
  } catch (error) {
    await progress.end();
    if (isLost(error, stop.signal)) return undefined;
    const ending = endingOf(error, stop.signal, begun, entry);
    // The caller is told of a refusal; a defect, or the end of a run that nobody waits for, must not pass unseen.
    if (ending.error?.name === 'Error' || (ending.error && entry.retry === null)) {
      const { id } = ending.error;
      const err: unknown = stop.signal.reason instanceof Error ? stop.signal.reason : error;
      log.error({ ...(id !== undefined && { id }), err, job: job.id }, 'a job did not finish');
    }
    return ending;
  } finally {
    clearTimeout(deadline);
  }
}

/** Older versions may have written another input, and newer ones too. */
function readInput(input: AnyJob['input'], job: JobRow): unknown {
  const { success, data, error } = input.safeParse(job.input);
  if (success) return data;
  const [first] = error.issues;
  throw conflict(`The input of job ${globalId('Job', job.id)} is none of this version: ${first?.message}`, {
    field: first?.path.join('.') ?? 'input',
    expected: `the input of a job of the kind ${job.kind}`,
    remedy: 'Send the request again under a new idempotency key.',
  });
}

function contextOf(
  context: AttemptContext,
  { job, attempt, earlier }: Begun,
  entry: JobKindEntry,
  { progress, stop, told }: Course & { readonly progress: ProgressWriter },
): JobContext<unknown> {
  const { db, log, storage, retention, cpu, device, adapter, config, notifier, host, shared } = context;
  const succeed = async (write: (tx: Transaction) => Promise<Made<unknown>>): Promise<Finished> => {
    await progress.end();
    const onEnd = (tx: Transaction, ended: JobRow): Promise<void> => followEnd(tx, context, ended);
    const finish = () => finishJob(db, attempt, write, onEnd);
    const resultId = await writeEnd(context, attempt, finish, { until: stop.signal });
    told.outcome = 'SUCCEEDED';
    return { resultId };
  };
  const awaitParts: JobContext<unknown>['awaitParts'] = async (write) => {
    await progress.end();
    const place = shared ? host.folder : null;
    const suspend = () => db.transaction((tx) => suspendAttempt(tx, context, { attempt, entry, place }, write));
    await writeEnd(context, attempt, suspend, { until: stop.signal });
    told.outcome = 'WAITS_FOR_PARTS';
    return { resultId: null };
  };
  return {
    ...{ db, storage, retention, cpu, device, adapter, config, log, job, earlier, succeed, awaitParts },
    signal: stop.signal,
    progress: (value) => progress.set(value),
    note: (details) => noteDetails(db, attempt, details),
    record: async (write) => {
      await db.transaction(async (tx) => {
        const owned = await ownJob(tx, attempt);
        await appendEvents(tx, owned, await write(tx));
      });
      notifier.wake(job.id);
    },
    abandon: (error) => stop.abort(error instanceof Error ? error : new Error(String(error))),
  };
}

function progressWriter({ db, notifier, log }: AttemptContext, { job, attempt }: Begun, stop: AbortController) {
  const write = async (value: JobProgress): Promise<void> => {
    await db
      .transaction(async (tx) => appendEvents(tx, await ownJob(tx, attempt), [{ type: 'progress', ...value }]))
      .catch((error: unknown) => {
        if (error instanceof LostJob) stop.abort('lost');
        else log.error({ error, job: job.id }, 'the progress of a job could not be written');
      });
    notifier.wake(job.id);
  };
  return new ProgressWriter(write);
}

/** Without it the job would stay RUNNING: tried for as long as the database is in trouble and the process lives. */
async function writeEnding(
  context: AttemptContext,
  { attempt }: Begun,
  { entry }: AnyJob,
  ending: Ending,
): Promise<void> {
  const { db, closing } = context;
  const write = () => db.transaction((tx) => endAttempt(tx, context, { attempt, entry }, ending));
  await writeEnd(context, attempt, write, { until: closing, tries: Number.POSITIVE_INFINITY });
}

/** Heartbeats go on meanwhile, so that no other process ends a job that has ended but is not written yet. */
async function writeEnd<T>(
  { db, log, unwritten }: AttemptContext,
  { jobId }: Attempt,
  write: () => Promise<T>,
  { until, tries }: { readonly until: AbortSignal; readonly tries?: number },
): Promise<T> {
  const onFailure = (error: unknown): void => {
    unwritten.set(jobId, error);
    log.warn({ error, job: jobId }, 'how a job ended could not be written yet');
  };
  const isReady = (): Promise<boolean> => takesWrites(db).catch(() => false);
  const options = { closing: until, onFailure, isReady, ...(tries !== undefined && { tries }) };
  return untilAnswered(write, options).finally(() => unwritten.delete(jobId));
}

/** Ends an attempt that does not stop, as a stop does; what it still writes is rejected from then on. */
export async function leaveAttempt(context: AttemptContext, { job, attempt }: Begun, { entry }: AnyJob): Promise<void> {
  const { db, notifier, log } = context;
  try {
    await db.transaction((tx) => endAttempt(tx, context, { attempt, entry }, endingOfStop(job, entry)));
  } catch (error) {
    if (!(error instanceof LostJob)) log.error({ error, job: job.id }, 'the end of a job could not be written');
  }
  notifier.wake(job.id);
}
