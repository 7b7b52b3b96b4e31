/**
 * Hosts that share a Postgres: what they queue and tell is looked for every two seconds. A look is a query or two that
 * find an index; it works behind every connection pooler, where LISTEN does not. An embedded database has no other
 * host.
 */
import type { RunWorker } from '../runs/worker.ts';
import type { Notifier } from './notifier.ts';

const everyMs = 2_000;

/** Polls until the returned function is called. */
export function watchOtherHosts({
  worker,
  notifier,
}: {
  readonly worker: Pick<RunWorker, 'look'>;
  readonly notifier: Notifier;
}): () => void {
  const timer = setInterval(() => {
    worker.look();
    notifier.wakeAll();
  }, everyMs).unref();
  return () => clearInterval(timer);
}
