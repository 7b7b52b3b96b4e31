/**
 * The write that records how work ended. It is retried after a lost connection: without it the row would stay RUNNING,
 * or the result would be lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLost, isCrossed } from '../../db/errors.ts';

export interface LastWriteOptions {
  /** Aborts when no caller waits any longer, as when the process stops: the write is then tried at most once more. */
  readonly closing: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Retries until the write succeeds, no caller waits any longer, or the error is permanent; then it throws that error,
 * and the row that stays RUNNING is interrupted when its lease is over.
 */
export async function writeAtLast<T>(write: () => Promise<T>, { closing, onFailure }: LastWriteOptions): Promise<T> {
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const last = closing.aborted;
    try {
      return await write();
    } catch (error) {
      if (last || !isTransient(error)) throw error;
      onFailure(error);
    }
    await sleep(pause, undefined, { signal: closing }).catch(() => {});
  }
}

/**
 * True if the connection was lost or the transaction conflicted with another. Other errors (a full disk, a defect, a
 * refused value) would fail again, while the caller holds locks.
 */
export const isTransient = (error: unknown): boolean => isConnectionLost(error) || isCrossed(error);
