/** Runs on the device of the tests, to their end or until they are stopped, and what they tell. */
import type { Storage } from '../../src/storage/storage.ts';
import { train } from '../../src/train/loop.ts';
import type { TrainEvent, TrainInput } from '../../src/train/types.ts';
import { testGpu } from '../device.ts';

/** Runs to the end, or until `stopAfter` steps are known. */
export async function run(
  storage: Storage,
  input: TrainInput,
  stopAfter = Number.POSITIVE_INFINITY,
  pieceTokens = Number.POSITIVE_INFINITY,
) {
  const gpu = await testGpu();
  const events: TrainEvent[] = [];
  const stop = new AbortController();
  const output = await train(gpu, storage, input, {
    signal: stop.signal,
    turn: async () => {},
    pieceTokens,
    emit: (event) => {
      events.push(event);
      if (event.type === 'step' && event.step >= stopAfter) stop.abort();
    },
  });
  return { output, events };
}

/** The events of one type. */
export const only = <T extends TrainEvent['type']>(events: readonly TrainEvent[], type: T) =>
  events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);
export const lastCheckpoint = (events: readonly TrainEvent[]) => only(events, 'checkpoint').at(-1)!;
