/** The write that says how work ended. It must not be lost with a connection: without it the work would run for ever, or for nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLost, isCrossed } from '../../db/errors.ts';

export interface LastWriteOptions {
  /** Aborts when nobody waits any longer, as when the process stops: the write is then tried once more at most. */
  readonly closing: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Tries until the write succeeds, nobody waits any longer, or it is clear that it never will; then it throws the last error, and
 * what is left RUNNING is found by its lease.
 */
export async function writeAtLast<T>(write: () => Promise<T>, { closing, onFailure }: LastWriteOptions): Promise<T> {
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const last = closing.aborted;
    try {
      return await write();
    } catch (error) {
      if (last || !mayPass(error)) throw error;
      onFailure(error);
    }
    await sleep(pause, undefined, { signal: closing }).catch(() => {});
  }
}

/**
 * The connection was lost, or another transaction was in the way. All else fails again, and whoever waits holds locks: a full
 * disk, a defect, a value that the database refuses.
 */
const mayPass = (error: unknown): boolean => isConnectionLost(error) || isCrossed(error);
