/** Mutexes by name, held in memory: one process owns a data folder, so no lock has to reach other processes. */
const tails = new Map<string, Promise<unknown>>();

/**
 * Runs `work` when all earlier work under the same name has ended. An abort before that rejects, and `work` never runs.
 */
export function exclusively<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const before = tails.get(name) ?? Promise.resolve();
  const result = signal ? inTurn(before, work, signal) : before.then(work);
  // A caller that was aborted still keeps its place: later callers wait for those before it as well.
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
