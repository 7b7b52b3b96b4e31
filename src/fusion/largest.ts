/**
 * The k largest of many numbers in linear time, exactly, ties by lower index: a radix selection over the bits of
 * float64, 16 at a time, that holds one piece of the numbers and 65,536 counts.
 */
import { eachPiece, type Pause, pieceLength } from './pieces.ts';

/** The chosen ones are all above the threshold, and the first so many that equal it. */
export interface Selection {
  readonly threshold: number;
  readonly equal: number;
}

/** Writes the numbers from index `begin` to `end` to the start of `target`: none negative, none NaN. */
export type Fill = (target: Float64Array, begin: number, end: number) => void;

/** Selects `count` of `length` numbers, from 1 to all. They are asked for four times. */
export async function selectLargest(length: number, count: number, fill: Fill, pause: Pause): Promise<Selection> {
  const values = new Float64Array(Math.min(length, pieceLength));
  // Numbers that are not negative have the order of their bits. The highest word of a number is its last one.
  const [words, found] = [new Uint16Array(values.buffer), new Uint16Array(4)];
  let equal = count;
  for (let word = 3; word >= 0; word--) {
    const counts = new Uint32Array(65_536);
    await eachPiece(length, pause, (begin, end) => {
      fill(values, begin, end);
      countWord(counts, words, found, word, 4 * (end - begin));
    });
    let digit = 65_535;
    while (counts[digit] < equal) equal -= counts[digit--];
    found[word] = digit;
  }
  return { threshold: new Float64Array(found.buffer)[0], equal };
}

/** Counts this word of the numbers whose higher words are those found. */
function countWord(counts: Uint32Array, words: Uint16Array, found: Uint16Array, word: number, end: number): void {
  for (let at = 0; at < end; at += 4) {
    let higher = 3;
    while (higher > word && words[at + higher] === found[higher]) higher--;
    if (higher === word) counts[words[at + word]]++;
  }
}

/** Tells of each number, asked in the order of the index, whether it is chosen. */
export class Chooser {
  readonly #threshold: number;
  #equal: number;

  constructor({ threshold, equal }: Selection) {
    this.#threshold = threshold;
    this.#equal = equal;
  }

  chooses(value: number): boolean {
    if (value !== this.#threshold) return value > this.#threshold;
    return this.#equal-- > 0;
  }
}
