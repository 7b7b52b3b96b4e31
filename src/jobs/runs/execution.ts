/**
 * One attempt at one run, from its claim to its end: token files on the CPU thread, then `train` on the device thread.
 * Whatever happens, the attempt ends with a state and its event, unless another attempt has taken the run over.
 */

import type { Db } from '../../db/open.ts';
import { type ErrorCode, type PlainError, TandemError, toPlainError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Retention } from '../../retention/retention.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TrainDataset } from '../../train/types.ts';
import { startHeartbeat } from '../engine/heartbeat.ts';
import { heartbeatEveryMs } from '../engine/host.ts';
import { writeAtLast } from '../engine/last-write.ts';
import type { Notifier } from '../engine/notifier.ts';
import type { Threads } from '../threads/threads.ts';
import { pruneCheckpoints } from './checkpoint-store.ts';
import { type AttemptEvent, EventWriter } from './event-writer.ts';
import { otherAdapter } from './other-adapter.ts';
import { type Attempt, endAttempt, LostRun, type RunInputs, readInputs, writeHeartbeat } from './store.ts';

export interface ExecutionContext {
  readonly db: Db;
  readonly storage: Storage;
  readonly retention: Retention;
  readonly threads: Pick<Threads, 'cpu' | 'device' | 'adapter'>;
  readonly notifier: Notifier;
  readonly log: Logger;
  /** Aborts when the process stops. */
  readonly closing: AbortSignal;
}

/** Why a running attempt is to stop; its AbortController's reason. */
export type StopReason = 'stop' | 'cancel' | 'lost';

interface Ending {
  readonly outcome: 'INTERRUPTED' | 'CANCELLED' | 'FAILED' | 'SUCCEEDED';
  readonly reason?: string;
  readonly error?: PlainError;
}

const serverStopped = 'the server was stopped';

/** Resolves when the attempt has ended and its end is recorded; never rejects for what went wrong in the run. */
export async function executeAttempt(
  context: ExecutionContext,
  attempt: Attempt,
  stop: AbortController,
): Promise<void> {
  const { notifier, log } = context;
  const writer = eventWriter(context, attempt, stop);
  const stopHeartbeat = startHeartbeat(() => renewLease(context, attempt, stop), heartbeatEveryMs);
  const ending = await work(context, attempt, stop, writer).catch((error: unknown) => endingOf(error, stop, log));
  try {
    await writer.flush().catch(() => {});
    await writeEnding(context, attempt, stop, ending);
  } catch (error) {
    if (!(error instanceof LostRun)) log.error({ error, run: attempt.runId }, 'the end of a run could not be written');
  } finally {
    stopHeartbeat();
  }
  notifier.wake(attempt.runId);
}

/** Heartbeats go on meanwhile, so that no other process interrupts a run that has ended but is not written yet. */
function writeEnding(
  { db, log, closing }: ExecutionContext,
  attempt: Attempt,
  { signal }: AbortController,
  ending: Ending,
): Promise<void> {
  const write = async (): Promise<void> => {
    if (signal.reason !== 'lost') await db.transaction((tx) => endAttempt(tx, attempt, ending.outcome, ending));
  };
  const onFailure = (error: unknown): void =>
    log.warn({ error, run: attempt.runId }, 'the end of a run could not be written yet');
  return writeAtLast(write, { closing, onFailure });
}

/** Marks an attempt that does not stop as INTERRUPTED; what it still writes is rejected from then on. */
export async function leaveAttempt({ db, notifier, log }: ExecutionContext, attempt: Attempt): Promise<void> {
  try {
    await db.transaction((tx) => endAttempt(tx, attempt, 'INTERRUPTED', { reason: serverStopped }));
  } catch (error) {
    if (!(error instanceof LostRun)) log.error({ error, run: attempt.runId }, 'the end of a run could not be written');
  }
  notifier.wake(attempt.runId);
}

async function work(
  context: ExecutionContext,
  attempt: Attempt,
  stop: AbortController,
  writer: EventWriter,
): Promise<Ending> {
  const inputs = await readInputs(context.db, attempt.runId);
  const { run, model, resume } = inputs;
  const refusal = resume && !run.allowDifferentAdapter && otherAdapter(run.adapter, context.threads.adapter);
  if (refusal) return interrupted(refusal);
  const datasets = await prepare(context, inputs, stop.signal, writer);
  stop.signal.throwIfAborted();
  const { outcome } = await context.threads.device.call(
    'train',
    {
      runId: run.id,
      model: model.digest,
      settings: run.settings,
      datasets,
      ...(resume && { resume: { ...resume, allowDifferentAdapter: run.allowDifferentAdapter } }),
    },
    { signal: stop.signal, onEvent: (event) => writer.add(event) },
  );
  await writer.flush();
  return outcome === 'finished' ? { outcome: 'SUCCEEDED' } : stopped(stop);
}

/** A token file per data set; those that exist are found again by their key. */
async function prepare(
  { threads }: ExecutionContext,
  { run, model, datasets }: RunInputs,
  signal: AbortSignal,
  writer: EventWriter,
): Promise<TrainDataset[]> {
  const prepared: TrainDataset[] = [];
  for (const [done, { dataset, weight }] of datasets.entries()) {
    signal.throwIfAborted();
    writer.add({ type: 'preparing', stage: `tokenize ${dataset.name}`, done, total: datasets.length });
    const tokens = await threads.cpu.call(
      'tokenizeDataset',
      { dataset: dataset.digest, model: model.digest, maxLength: run.settings.maxLength },
      { signal },
    );
    const { name, task, digest } = dataset;
    prepared.push({ name, task, weight, digest, tokens: tokens.key });
  }
  return prepared;
}

function eventWriter(context: ExecutionContext, attempt: Attempt, stop: AbortController): EventWriter {
  const { db, storage, retention, notifier, log } = context;
  const afterWrite = async (events: readonly AttemptEvent[]): Promise<void> => {
    notifier.wake(attempt.runId);
    if (!events.some((event) => event.type === 'checkpoint')) return;
    await pruneCheckpoints({ db, retention }, attempt.runId).catch((error: unknown) => {
      log.warn({ error, run: attempt.runId }, 'old checkpoints could not be removed');
    });
  };
  const onFailure = (error: unknown): void => {
    if (error instanceof LostRun) stop.abort('lost' satisfies StopReason);
    else stop.abort(error);
  };
  return new EventWriter({ db, storage, retention, attempt, afterWrite, onFailure });
}

async function renewLease({ db, log }: ExecutionContext, attempt: Attempt, stop: AbortController): Promise<void> {
  try {
    const { cancelRequested } = await writeHeartbeat(db, attempt);
    if (cancelRequested) stop.abort('cancel' satisfies StopReason);
  } catch (error) {
    if (error instanceof LostRun) stop.abort('lost' satisfies StopReason);
    else log.warn({ error, run: attempt.runId }, 'a heartbeat could not be written');
  }
}

function stopped(stop: AbortController): Ending {
  if (stop.signal.reason === 'cancel') return { outcome: 'CANCELLED', reason: 'cancelled' };
  return { outcome: 'INTERRUPTED', reason: serverStopped };
}

/**
 * A thread that died, a database that failed, or a refusal to go on with what is here now (CONFLICT: other versions)
 * interrupts the run, which can go on; what the run itself did ends it.
 */
function endingOf(error: unknown, stop: AbortController, log: Logger): Ending {
  const { signal } = stop;
  if (typeof signal.reason === 'string') return stopped(stop);
  const cause = signal.aborted && signal.reason instanceof Error ? signal.reason : error;
  log.error({ error: cause }, 'a run did not finish');
  const ending = interrupted(cause);
  const canGoOn = signal.aborted || isCode(cause, 'UNAVAILABLE') || isCode(cause, 'CONFLICT');
  return canGoOn ? ending : { ...ending, outcome: 'FAILED' };
}

function interrupted(cause: unknown): Ending {
  const { stack: _stack, ...error } = toPlainError(cause);
  return { outcome: 'INTERRUPTED', reason: error.message, error };
}

const isCode = (error: unknown, code: ErrorCode): boolean => error instanceof TandemError && error.code === code;
