/** Replays a log from where a reader stands, then follows it. */
import type { Head, Item, LogReader } from './logs.ts';
import { LoopTurns } from './turn.ts';

interface FollowOptions<H extends Head, I extends Item> {
  /** The last seq that the reader has; 0 = none. */
  readonly after: number;
  readonly signal?: AbortSignal | undefined;
  /** The reader hears something at least so often. */
  readonly heartbeatMs: number;
  /** What it hears when there is nothing to tell; `seq` is the last one that it was told, or that was passed over. */
  readonly heartbeat: (seq: number) => I;
  /** What is told; the rest is passed over. Default all. */
  readonly tells?: (item: I) => boolean;
  /** Whether more may come. The stream ends once all is told of a log to which nothing is added any more. */
  readonly isOpen: (head: H) => boolean;
}

/** Items that a reader is sent before others have their turn. */
const atOnce = 8;
const turns = new LoopTurns();

export async function* followLog<H extends Head, I extends Item>(
  reader: LogReader<H, I>,
  { after, signal, heartbeatMs, heartbeat, isOpen, tells = () => true }: FollowOptions<H, I>,
): AsyncGenerator<I, void, undefined> {
  for (let [seq, lastItemAt] = [after, performance.now()]; ; ) {
    const { head, items } = await reader.read(seq);
    for (const [i, item] of items.entries()) {
      if (i % atOnce === 0) await turns.take();
      if (signal?.aborted) return;
      seq = item.seq;
      if (!tells(item)) continue;
      yield item;
      lastItemAt = performance.now();
    }
    // The head was read before the items: with nothing behind its last one, all of a closed log was sent.
    if (seq >= head.lastSeq && !isOpen(head)) return;
    if (items.length > 0) continue;
    const woken = await reader.wait(Math.max(0, lastItemAt + heartbeatMs - performance.now()), signal);
    if (woken === 'closed') return;
    if (woken !== 'timeout') continue;
    yield heartbeat(seq);
    lastItemAt = performance.now();
  }
}
