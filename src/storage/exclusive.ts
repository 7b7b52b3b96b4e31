/**
 * One at a time, by name. Storage objects are shared by digest: an import that finds its folder already there must not
 * meet a delete that is about to remove it. One process owns a data folder, so a lock in memory is enough.
 */
const tails = new Map<string, Promise<unknown>>();

/** Runs `work` after everything of the same name has ended. */
export function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = tails.get(name) ?? Promise.resolve();
  const result = before.then(work, work);
  const tail = result.catch(() => {});
  tails.set(name, tail);
  void tail.then(() => {
    if (tails.get(name) === tail) tails.delete(name);
  });
  return result;
}
