/** The calls of a thread as metrics and spans. */
import { performance } from 'node:perf_hooks';
import type { CommandSet, Connection } from '../../../workers/runtime.ts';
import { metrics, secondsSince } from '../../observe/metrics.ts';
import { inSpan } from '../../observe/tracing.ts';

type Call = (name: string, ...rest: readonly unknown[]) => Promise<unknown>;

/** The same connection, whose calls are counted and timed; a span around each goes with its message to the thread. */
export function observedCalls<C extends CommandSet<C>>(
  thread: 'cpu' | 'device',
  connection: Connection<C>,
): Connection<C> {
  const call = connection.call as Call;
  const observed: Call = (command, ...rest) =>
    inSpan(`call ${thread} ${command}`, { kind: 'client', attributes: { 'tandem.thread': thread } }, async () => {
      const began = performance.now();
      metrics.threadOpen.add({ thread }, 1);
      const ended = (outcome: string): void => {
        metrics.threadOpen.add({ thread }, -1);
        metrics.threadCalls.add({ thread, command, outcome });
        metrics.threadSeconds.observe({ thread, command }, secondsSince(began));
      };
      const answered = call(command, ...rest);
      void answered.then(
        () => ended('ok'),
        () => ended('error'),
      );
      return answered;
    });
  return {
    call: observed as unknown as Connection<C>['call'],
    get death() {
      return connection.death;
    },
    ended: connection.ended,
    close: (options) => connection.close(options),
  };
}
