/**
 * One at a time, by name. Storage objects are shared by digest: an import that finds its folder already there must not
 * meet a delete that is about to remove it. One process owns a data folder, so a lock in memory is enough.
 */
const tails = new Map<string, Promise<unknown>>();

/** Runs `work` after everything of the same name has ended. Aborted before, it rejects at once and `work` never runs. */
export function exclusively<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const before = tails.get(name) ?? Promise.resolve();
  const result = signal ? inTurn(before, work, signal) : before.then(work);
  // Whoever gave up does not let the next one pass those before it.
  const tail = Promise.allSettled([before, result]);
  tails.set(name, tail);
  void tail.then(() => {
    if (tails.get(name) === tail) tails.delete(name);
  });
  return result;
}

async function inTurn<T>(before: Promise<unknown>, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave);
  });
  try {
    signal.throwIfAborted();
    await Promise.race([before, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
  signal.throwIfAborted();
  return work();
}
