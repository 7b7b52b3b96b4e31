/**
 * Random numbers for data: splits, negatives and batches (src/data). Threefry-2x32 with 20 rounds (Salmon et al. 2011,
 * "Parallel random numbers: as easy as 1, 2, 3"), a counter-based generator in 32-bit integer arithmetic; dropout on
 * the device uses the same one (shaders/common/threefry.wgsl). A stream is named by a tuple of integers, for example
 * (seed, epoch, data set, pass, record, slot), so a draw depends on its name alone and never on earlier draws. Splits,
 * runs and resumed runs depend on these exact numbers: the stream never changes.
 */

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const parity = 0x1bd11bda;

/** One block: key and counter of two 32-bit words each -> two 32-bit words. */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const key = [key0 | 0, key1 | 0, key0 ^ key1 ^ parity];
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round % 8]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = (x0 + key[injection % 3]!) | 0;
      x1 = (x1 + key[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** The stream of random numbers that a tuple of non-negative integers (each below 2^53) names. */
export class RandomStream {
  readonly #key: [number, number];
  #counter = 0;
  #spare: number | null = null;

  constructor(...name: readonly number[]) {
    let key: [number, number] = [name.length, 0];
    for (const word of name) key = threefry2x32(key[0], key[1], word >>> 0, Math.floor(word / 2 ** 32));
    this.#key = key;
  }

  /** Uniform integer in [0, 2^32). */
  uint32(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    const counter = this.#counter++;
    const [first, second] = threefry2x32(this.#key[0], this.#key[1], counter >>> 0, Math.floor(counter / 2 ** 32));
    this.#spare = second;
    return first;
  }

  /** Uniform integer in [0, bound), without bias (rejection). `bound` from 1 to 2^32. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
  }

  /** Uniform float in [0, 1) with 53 random bits. */
  float(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Fisher-Yates, in place. */
  shuffle<T extends { length: number; [index: number]: number }>(items: T): T;
  shuffle<T>(items: T[]): T[];
  shuffle(items: unknown[]): unknown[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
    return items;
  }

  /** A random permutation of 0..n-1. */
  permutation(n: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: n }, (_, index) => index));
  }

  /** `count` different numbers of 0..n-1 in random order, by a sparse Fisher-Yates: time and memory O(count). */
  sample(n: number, count: number): number[] {
    const moved = new Map<number, number>();
    return Array.from({ length: Math.min(count, n) }, (_, index) => {
      const other = index + this.below(n - index);
      const drawn = moved.get(other) ?? other;
      moved.set(other, moved.get(index) ?? index);
      return drawn;
    });
  }
}
