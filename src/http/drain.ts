/** Waiting for readers. */
import type { ServerResponse } from 'node:http';

/** A reader of events that takes nothing in this time loses its stream: it comes back and goes on. */
export const patienceMs = 30_000;

/**
 * Resolves when all that was written has been taken, or the response is gone; ends one from which nothing is taken in
 * this time, where it is given.
 */
export function drainOf(response: ServerResponse, withinMs?: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = withinMs === undefined ? undefined : setTimeout(() => response.destroy(), withinMs);
    const done = (): void => {
      clearTimeout(timer);
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
    if (response.destroyed) done();
  });
}
