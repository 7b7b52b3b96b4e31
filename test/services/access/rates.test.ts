/** The token buckets of callers, by a clock of the test's own. */
import { expect, it } from 'vitest';
import { TokenBuckets } from '../../../src/services/access/rates.ts';

/** A bucket of 3 requests that gets one more every second. */
function open() {
  let ms = 0;
  const buckets = new TokenBuckets({ perMinute: 60, burst: 3 }, () => ms);
  const wait = (seconds: number): void => {
    ms += seconds * 1_000;
  };
  return { buckets, wait };
}

it('holds a burst, then fills up by the rate, and never beyond the burst', () => {
  const { buckets, wait } = open();
  expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([null, null, null, 1]);
  wait(0.25);
  expect(buckets.take('a')).toBeCloseTo(0.75, 9);
  wait(0.75);
  expect([1, 2].map(() => buckets.take('a'))).toEqual([null, 1]);
  wait(3_600);
  expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([null, null, null, 1]);
});

it('takes in the long run what the rate says, whenever it is asked', () => {
  const { buckets, wait } = open();
  let taken = 0;
  for (let i = 0; i < 6_000; i++) {
    if (buckets.take('a') === null) taken++;
    wait(0.01);
  }
  // A minute, and the burst.
  expect(taken).toBe(62);
});

it('is one for each caller', () => {
  const { buckets } = open();
  expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([null, null, null, 1]);
  expect(buckets.take('b')).toBeNull();
});
