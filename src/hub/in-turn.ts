/** Downloads of the same files at once: one fetches them, the others wait and find them. */
import { exclusively } from '../storage/exclusive.ts';

/** Runs `work` after everything of the same name has ended, as {@link exclusively}; whoever is aborted waits no longer. */
export async function inTurn<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  let isWaiting = true;
  const turn = exclusively(`hub ${name}`, () => {
    isWaiting = false;
    signal?.throwIfAborted();
    return work();
  });
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      if (isWaiting) reject(signal?.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    turn.then(resolve, reject).finally(() => signal?.removeEventListener('abort', stop));
  });
}
