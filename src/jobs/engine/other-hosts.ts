/**
 * Hosts that share a Postgres: what they queue and tell is looked for every two seconds. A look is a query or two that
 * find an index; it works behind every connection pooler, where LISTEN does not. An embedded database has no other
 * host.
 */
import type { RunWorker } from '../runs/worker.ts';
import type { Wakeups } from './notifier.ts';

const everyMs = 2_000;

/** Polls until the returned function is called. */
export function watchOtherHosts({
  worker,
  wakeups,
}: {
  readonly worker: Pick<RunWorker, 'look'>;
  readonly wakeups: Wakeups;
}): () => void {
  const timer = setInterval(() => {
    worker.look();
    wakeups.wakeAll();
  }, everyMs).unref();
  return () => clearInterval(timer);
}
