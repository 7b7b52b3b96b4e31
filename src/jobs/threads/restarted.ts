/**
 * A thread that is started again when it dies: what it was given ends with a typed error, and the next call finds a
 * new one. Only for threads that keep nothing between calls that cannot be made again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../../workers/runtime.ts';
import type { Logger } from '../../log.ts';

/** The least time between two starts; doubled with each failure, 32 times at most. */
const pauseMs = 1_000;
/** So many threads in a row that died before they answered anything: they do not work here now. */
const mostFailures = 3;
/** A thread that lived so long was no failure. */
const provenMs = 60_000;

/** Begins with the thread that `start` gives. Calls that come while another is started wait for it. */
export function restarted<C>(start: () => Connection<C>, log: Logger): Connection<C> {
  let current = start();
  let startedAt = performance.now();
  let failures = 0;
  let starting: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  const stop = new AbortController();

  function watch(thread: Connection<C>): void {
    void thread.ended.then(() => {
      if (closing) return;
      starting = startAgain().finally(() => {
        starting = undefined;
      });
    });
  }

  async function startAgain(): Promise<void> {
    const livedMs = performance.now() - startedAt;
    failures = livedMs > provenMs ? 1 : failures + 1;
    log.error({ error: current.death, failures }, 'a thread has died; it is started again');
    const waitMs = pauseMs * 2 ** Math.min(failures - 1, 5) - livedMs;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => {});
    if (closing) return;
    current = start();
    startedAt = performance.now();
    watch(current);
  }
  watch(current);

  const death = () => (closing || failures >= mostFailures ? current.death : undefined);

  /** The thread that takes the next call. */
  async function living(): Promise<Connection<C>> {
    // A thread is known to be dead a moment before it has ended.
    if (current.death && !closing) await current.ended;
    if (death() === undefined) await starting;
    return current;
  }

  return {
    async call(name, input, options) {
      const thread = current.death ? await living() : current;
      try {
        return await thread.call(name, input, options);
      } finally {
        // An error that it answered with shows as well that it works.
        if (thread.death === undefined) failures = 0;
      }
    },
    get death() {
      return death();
    },
    get ended() {
      return current.ended;
    },
    close(options) {
      closing ??= (async () => {
        stop.abort();
        await starting;
        await current.close(options);
      })();
      return closing;
    },
  };
}
