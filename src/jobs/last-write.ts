/** The write that says how work ended. It must not be lost with a connection: without it the work would run for ever, or for nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLost, postgresErrorIn } from '../db/errors.ts';

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
      if (last || isFinal(error)) throw error;
      onFailure(error);
    }
    await sleep(pause, undefined, { signal: closing }).catch(() => {});
  }
}

/** Nothing of the database (superseded, gone, a defect), or a value that it refuses (classes 22 and 23 of SQLSTATE). */
function isFinal(error: unknown): boolean {
  const found = postgresErrorIn(error);
  return found === null ? !isConnectionLost(error) : /^2[23]/.test(found.code);
}
