import { describe, expect, it } from 'vitest';
import { scheduleFactor, warmupSteps } from '../../src/train/schedule.ts';

describe('the learning rate', () => {
  it('rises for ceil(ratio * T) updates from 0 and falls to one share above 0', () => {
    expect(warmupSteps(101, 0.03)).toBe(4);
    const factors = Array.from({ length: 101 }, (_, t) => scheduleFactor(t, 101, 0.03));
    expect(factors.slice(0, 5)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(factors[100]).toBeCloseTo(1 / 97, 12);
  });

  it('begins at its peak without warm-up', () => {
    expect(scheduleFactor(0, 10, 0)).toBe(1);
    expect(scheduleFactor(9, 10, 0)).toBeCloseTo(0.1, 12);
  });
});
