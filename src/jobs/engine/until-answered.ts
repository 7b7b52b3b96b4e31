/**
 * The write that records how work ended, and the read by which a caller learns of it. Both are retried while the
 * database is in trouble that passes: without them the row would stay RUNNING, the result would be lost, or be asked
 * for twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Trouble, troubleOf } from '../../db/errors.ts';

export interface AskOptions {
  /** Aborts when no caller waits any longer, as when the process stops: it is then tried at most once more. */
  readonly closing: AbortSignal;
  readonly onFailure: (error: unknown) => void;
  /** Resolves to false while the database takes no writes of anybody: such a time counts no tries. */
  readonly isReady?: () => Promise<boolean>;
  /** How often a database that takes writes refuses this one before it is given up. */
  readonly tries?: number;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** A statement that the database ended takes as long every time. */
const mostEnded = 3;
const defaultTries = 6;

/**
 * Retries until it succeeds, no caller waits any longer, the error is permanent, or a database that takes the writes of
 * others has refused it too often; then it throws that error, and a row that stays RUNNING is interrupted when its
 * lease is over.
 */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  { closing, onFailure, isReady, tries = defaultTries }: AskOptions,
): Promise<T> {
  let [failed, ended] = [0, 0];
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const last = closing.aborted;
    try {
      return await ask();
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === 'ended') ended++;
      if (last || trouble === null || !passing.has(trouble) || ended >= mostEnded) throw error;
      if ((await isReady?.()) ?? true) failed++;
      if (failed >= tries) throw error;
      onFailure(error);
    }
    await sleep(pause, undefined, { signal: closing }).catch(() => {});
  }
}

/** What passes by itself, or by what a person does at the database. */
const passing: ReadonlySet<Trouble> = new Set(['lost', 'crossed', 'ended', 'read-only', 'full']);

/** How often work is begun, at most, that such trouble ends: its own statements may be what causes it. */
export function mostAttemptsAfter(error: unknown): number {
  const trouble = troubleOf(error);
  if (trouble === null || !passing.has(trouble)) return 1;
  return trouble === 'ended' ? 2 : trouble === 'full' ? 3 : 5;
}
