/** Stops durable work in order and within a time, whatever does not listen. */

import type { Notifier } from '../live/notifier.ts';
import type { Logger } from '../log.ts';
import { endsWithin } from '../within.ts';
import type { Engine } from './engine/engine.ts';
import type { Threads } from './threads/threads.ts';

/**
 * Left out of the time that a stop is given for closing the threads, and for work to say its end that had to be forced
 * to it.
 */
const closingMs = 1_500;
/** The first part of that: for marking the work that did not end. */
const leavingMs = 500;

interface StopContext {
  readonly engine: Engine;
  readonly reaper: { stop(): Promise<void> };
  readonly threads: Pick<Threads, 'close'>;
  readonly notifier: Notifier;
  readonly log: Logger;
}

export async function stopJobs(context: StopContext, graceMs: number): Promise<void> {
  const { engine, reaper, threads, notifier, log } = context;
  const until = Date.now() + graceMs;
  const work = Promise.all([engine.stop(), reaper.stop()]);
  const inTime = await endsWithin(Math.max(0, graceMs - closingMs), work);
  // First of all the marks: a device thread that is ended by force in the middle of its work may take the process
  // with it.
  if (!inTime) await leave(context);
  const patience = inTime ? Math.max(closingMs, until - Date.now()) : 0;
  const ended = Promise.all([threads.close(patience), work]);
  const bound = inTime ? patience + leavingMs : closingMs - leavingMs;
  if (!(await endsWithin(bound, ended))) log.warn('a thread or work does not end and is left behind');
  notifier.close();
}

/** Ends the work that did not stop in time; what it still writes is refused. */
async function leave({ engine, log }: StopContext): Promise<void> {
  const running = engine.worker.running();
  log.warn({ jobs: running }, 'running work did not stop in time: it is ended, and its threads by force');
  if (!(await endsWithin(leavingMs, engine.worker.leave())))
    log.error('work that was left could not be marked; the next start does it');
}
