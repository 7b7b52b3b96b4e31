/** Draws of texts within a record (docs/method.md section 1). */
import { RandomStream } from '../random/keyed.ts';
import { streams } from './streams.ts';

/** Which list of a record the texts are drawn from. */
export const drawSlot = { positives: 0, negatives: 1 } as const;

export interface DrawRequest {
  readonly seed: number;
  readonly epoch: number;
  /** Index among the run's data sets, as in PlannedBatch: equal records of two sets draw independently. */
  readonly dataset: number;
  readonly pass: number;
  /** Number of the record in its train split. */
  readonly record: number;
  readonly slot: (typeof drawSlot)[keyof typeof drawSlot];
  /** Texts that the record has. */
  readonly available: number;
  /** Texts that are wanted (P or N). */
  readonly count: number;
}

/**
 * Draws `count` of `available` texts in random order: the whole list as often as it fits, then the rest without
 * replacement. Returns an empty array where there are no texts; the caller masks the columns.
 */
export function drawTexts({ seed, epoch, dataset, pass, record, slot, available, count }: DrawRequest): Uint32Array {
  if (available === 0) return new Uint32Array(0);
  const random = new RandomStream(seed, streams.draw, epoch, dataset, pass, record, slot);
  const drawn = new Uint32Array(count);
  const whole = count - (count % available);
  for (let index = 0; index < whole; index++) drawn[index] = index % available;
  drawn.set(random.sample(available, count - whole), whole);
  return random.shuffle(drawn);
}
