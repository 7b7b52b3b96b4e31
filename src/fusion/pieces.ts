/**
 * Long loops over a tensor's values, cut into pieces of some milliseconds: between two the thread takes its messages,
 * so that texts of requests are tokenised meanwhile and an abort is noticed. The order of every sum stays as without
 * cuts.
 */
import { setImmediate } from 'node:timers/promises';

/** What is done between two pieces; throws to end the loop. */
export type Pause = () => Promise<void>;

export const pauseOf =
  (signal?: AbortSignal): Pause =>
  async () => {
    await setImmediate();
    signal?.throwIfAborted();
  };

/** Values per piece: the slowest merge, element by element to a power, takes about 10 ms for them. */
export const pieceLength = 65_536;

/** Calls `work` with consecutive ranges from 0 to `length`; each but the last is a multiple of `unit` values. */
export async function eachPiece(
  length: number,
  pause: Pause,
  work: (begin: number, end: number) => void,
  unit = 1,
): Promise<void> {
  const size = Math.max(unit, pieceLength - (pieceLength % unit));
  for (let begin = 0; begin < length; begin += size) {
    if (begin > 0) await pause();
    work(begin, Math.min(begin + size, length));
  }
}
