import { describe, expect, it } from 'vitest';
import {
  alignment,
  conditionNumber,
  effectiveRank,
  meanCosine,
  tokenCosine,
  uniformity,
} from '../../../src/evaluation/geometry/measures.ts';

const vectors = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(-1, 0), Float32Array.of(0.6, 0.8)];
const vectorOf = (text: number) => vectors[text]!;
const pairs = { first: [0, 0, 3], second: [1, 2, 0] };
const none = { first: [], second: [] };

describe('measures of pairs', () => {
  it('are the means of their formulas', () => {
    const squared = [2, 4, 0.16 + 0.64];
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(alignment(pairs, vectorOf)).toBeCloseTo(mean(squared), 6);
    expect(uniformity(pairs, vectorOf)).toBeCloseTo(Math.log(mean(squared.map((value) => Math.exp(-2 * value)))), 6);
    expect(meanCosine(pairs, vectorOf)).toBeCloseTo(mean([0, -1, 0.6]), 6);
  });

  it('are null without a pair', () => {
    expect([alignment, uniformity, meanCosine].map((measure) => measure(none, vectorOf))).toEqual([null, null, null]);
  });
});

describe('tokenCosine', () => {
  it('is the mean over pairs of tokens, whatever their lengths', () => {
    expect(tokenCosine(Float32Array.of(2, 0, 0, 5, 3, 4), 2)).toBeCloseTo((0 + 0.6 + 0.8) / 3, 12);
    expect(tokenCosine(Float32Array.of(1, 1, 3, 3), 2)).toBeCloseTo(1, 12);
  });

  it('takes a state of zeros as orthogonal to all, and is null for one token', () => {
    expect(tokenCosine(Float32Array.of(1, 0, 0, 0, 1, 0), 2)).toBeCloseTo(1 / 3, 12);
    expect(tokenCosine(Float32Array.of(1, 0), 2)).toBeNull();
  });
});

describe('the spectrum', () => {
  it('has the rank of equal values, and of one', () => {
    expect(effectiveRank([2, 2, 2])).toBeCloseTo(3, 12);
    expect(effectiveRank([5, 0, 0])).toBe(1);
  });

  it('has a condition number unless the smallest value is lost in rounding', () => {
    expect(conditionNumber(Float64Array.of(4, 2, 0.5))).toEqual({ value: 8 });
    expect(conditionNumber(Float64Array.of(1, 9e-7))).toHaveProperty('undefined');
    expect(conditionNumber(Float64Array.of(1, 0))).toHaveProperty('undefined');
    expect(conditionNumber(Float64Array.of())).toHaveProperty('undefined');
  });
});
