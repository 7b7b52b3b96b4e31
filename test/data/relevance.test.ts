import { describe, expect, it } from 'vitest';
import { relevanceOf } from '../../src/data/relevance.ts';

describe('relevanceOf', () => {
  it.each([
    [-1, 1],
    [0, 0],
    [0.3, 1],
    [1, 1],
    [2.5, 2.5],
    [4, 4],
  ])('%d -> %d', (grade, relevance) => {
    expect(relevanceOf(grade)).toBe(relevance);
  });
});
