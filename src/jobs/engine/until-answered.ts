/**
 * The write that records how work ended, and the read by which a caller learns of it. Both are retried after a lost
 * connection: without them the row would stay RUNNING, the result would be lost, or be asked for twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLost, isCrossed } from '../../db/errors.ts';

export interface AskOptions {
  /** Aborts when no caller waits any longer, as when the process stops: it is then tried at most once more. */
  readonly closing: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Retries until it succeeds, no caller waits any longer, or the error is permanent; then it throws that error,
 * and the row that stays RUNNING is interrupted when its lease is over.
 */
export async function untilAnswered<T>(ask: () => Promise<T>, { closing, onFailure }: AskOptions): Promise<T> {
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const last = closing.aborted;
    try {
      return await ask();
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
