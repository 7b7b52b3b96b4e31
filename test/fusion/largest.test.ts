/** The largest of many numbers, against sorting them, over several pieces. */
import { describe, expect, it } from 'vitest';
import { Chooser, type Fill, selectLargest } from '../../src/fusion/largest.ts';
import { pauseOf, pieceLength } from '../../src/fusion/pieces.ts';
import { RandomStream } from '../../src/random/keyed.ts';

/** Places of the chosen ones, in order. */
async function chosen(values: Float64Array, count: number): Promise<number[]> {
  const fill: Fill = (target, begin, end) => target.set(values.subarray(begin, end));
  const chooser = new Chooser(await selectLargest(values.length, count, fill, pauseOf()));
  return [...values.keys()].filter((i) => chooser.chooses(values[i]!));
}

const sorted = (values: Float64Array, count: number): number[] =>
  [...values.keys()]
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, count)
    .sort((a, b) => a - b);

describe('the largest numbers', () => {
  it.each<[string, number, (draw: () => number, i: number) => number]>([
    ['one number', 1, (draw) => draw()],
    ['distinct ones of all sizes', 997, (draw) => 10 ** (600 * draw() - 300)],
    ['many equal ones', 1009, (draw) => Math.floor(4 * draw()) / 8],
    ['zeros only', 31, () => 0],
    ['neighbours in the last bit', 61, (_, i) => 1 + (i % 7) * Number.EPSILON],
    ['the smallest numbers there are', 53, (draw) => Math.floor(5 * draw()) * 5e-324],
    ['a piece and one', pieceLength + 1, (draw) => draw() ** 8],
    ['several pieces with equal ones', 2 * pieceLength + 17, (draw) => Math.floor(300 * draw()) * 1e-9],
  ])('of %s are those that come first when sorted, ties by index', async (_, length, value) => {
    const random = new RandomStream(3, length);
    const values = Float64Array.from({ length }, (_, i) => value(() => random.float(), i));
    for (const share of [0, 0.2, 0.5, 1]) {
      const count = Math.max(1, Math.floor(share * length));
      expect(await chosen(values, count)).toEqual(sorted(values, count));
    }
  });
});
