import { describe, expect, it } from 'vitest';
import { RandomStream, threefry2x32 } from '../../src/random/keyed.ts';

describe('threefry2x32', () => {
  // Known answers of the authors' library Random123, kat_vectors, threefry2x32 with 20 rounds: counter, key, result.
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])('counter %j', ([counter0, counter1], [key0, key1], expected) => {
    expect(threefry2x32(key0!, key1!, counter0!, counter1!)).toEqual(expected);
  });
});

describe('RandomStream', () => {
  it('is named by its words, their order and number', () => {
    const first = (...name: number[]) => new RandomStream(...name).uint32();
    const firsts = [first(1, 2), first(2, 1), first(1), first(1, 2, 0), first(2 ** 32 + 1, 2)];
    expect(new Set(firsts).size).toBe(firsts.length);
    expect(first(1, 2)).toBe(firsts[0]);
  });

  it('keeps its numbers from version to version', () => {
    const random = new RandomStream(1, 2, 3);
    expect([random.uint32(), random.uint32(), random.below(1000), random.float()]).toMatchInlineSnapshot(`
      [
        2119282243,
        3144090782,
        776,
        0.22880137644061194,
      ]
    `);
  });

  it('draws evenly', () => {
    const random = new RandomStream(7);
    const counts = new Uint32Array(6);
    for (let draw = 0; draw < 60_000; draw++) counts[random.below(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    let sum = 0;
    for (let draw = 0; draw < 10_000; draw++) sum += random.float();
    expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.015);
  });

  it('permutes and samples without replacement', () => {
    for (const n of [0, 1, 2, 97]) {
      const random = new RandomStream(n);
      expect([...random.permutation(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      for (const count of [0, 1, n, n + 3]) {
        const drawn = random.sample(n, count);
        expect(new Set(drawn).size).toBe(Math.min(n, count));
        expect(drawn.every((value) => value >= 0 && value < n)).toBe(true);
      }
    }
  });

  it('gives every order of three the same chance', () => {
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const order = new RandomStream(11, draw).permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });
});
