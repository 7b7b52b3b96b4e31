/** Changes as a page can take them: the first at once, those that follow together. */
import type { Change, ChangeFeed } from './changes.ts';

/** The shortest time between two deliveries, in milliseconds. */
const restMs = 1_000;

/**
 * Delivers the changes of a noun that matter: the first at once, then at most once in a second those that came since.
 * Returns what ends it.
 */
export function gather(
  feed: ChangeFeed,
  resource: string,
  matters: (change: Change) => boolean,
  deliver: (changes: readonly Change[]) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  let waiting: Change[] = [];
  const send = (): void => {
    timer = undefined;
    last = Date.now();
    const changes = waiting;
    waiting = [];
    deliver(changes);
  };
  const stop = feed.listen(resource, (change) => {
    if (!matters(change)) return;
    waiting.push(change);
    timer ??= setTimeout(send, Math.max(0, last + restMs - Date.now()));
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

/** Whether a change is of one of these nodes, or may be since changes were missed. */
export const isOfOne = (ids: readonly string[]) => {
  const wanted = new Set(ids);
  return ({ id }: Change): boolean => id === null || wanted.has(id);
};
