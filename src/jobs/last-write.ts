/** The write that says how work ended. It must not be lost with a connection: without it the work would run for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TandemError } from '../errors.ts';
import { LostRun } from './run-store.ts';

export interface LastWriteOptions {
  /** Aborts when the process stops: the write is then tried once more at most. */
  readonly closing: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Tries until the write succeeds, the process stops, or it is clear that it never will; then it throws the last error, and
 * what is left RUNNING is found by its lease.
 */
export async function writeAtLast(
  write: () => Promise<unknown>,
  { closing, onFailure }: LastWriteOptions,
): Promise<void> {
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const last = closing.aborted;
    try {
      await write();
      return;
    } catch (error) {
      if (last || isFinal(error)) throw error;
      onFailure(error);
    }
    await sleep(pause, undefined, { signal: closing }).catch(() => {});
  }
}

/** Superseded, gone, or a value that the database refuses (classes 22 and 23 of the PostgreSQL manual, appendix A). */
function isFinal(error: unknown): boolean {
  if (error instanceof LostRun) return true;
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (current instanceof TandemError || (typeof code === 'string' && /^2[23]/.test(code))) return true;
  }
  return false;
}
