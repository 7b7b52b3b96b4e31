/** What weights a fusion takes. */
import { describe, expect, it } from 'vitest';
import { rowOf } from '../../src/catalog-parameters.ts';
import { type FusionMethod, fusionCatalog } from '../../src/fusion/catalog.ts';
import { readWeights } from '../../src/fusion/weights.ts';

const read = (method: FusionMethod, weights: readonly number[] | null, count = 2): readonly number[] =>
  readWeights(rowOf(fusionCatalog, method, 'method'), count, weights, 'input.weights');

describe('weights of checkpoints', () => {
  it('are 1 each where none are given, for every method', () => {
    for (const { name } of fusionCatalog) expect(read(name, null, 3)).toEqual([1, 1, 1]);
  });

  it('are taken as they are given', () => {
    expect(read('linear', [0.7, -0.3])).toEqual([0.7, -0.3]);
    expect(read('linear', [0, 2])).toEqual([0, 2]);
    expect(read('ties', [1, -1])).toEqual([1, -1]);
    expect(read('slerp', [1, 0, 2, 0], 4)).toEqual([1, 0, 2, 0]);
    expect(read('ties', [1, -1])).toEqual([1, -1]);
    expect(read('slerp', [1, 0, 2, 0], 4)).toEqual([1, 0, 2, 0]);
  });

  it.each<[string, FusionMethod, number[], string, RegExp]>([
    ['for a method that takes none', 'uniform-soup', [1, 1], 'input.weights', /UNIFORM_SOUP takes no weights/],
    ['of another number', 'linear', [1], 'input.weights', /has 1 numbers for 2 checkpoints/],
    ['of which one is no number', 'linear', [1, Number.NaN], 'input.weights.1', /is NaN/],
    ['of which one is infinite', 'linear', [-Infinity, 1], 'input.weights.0', /is -Infinity/],
    ['that sum to 0', 'linear', [0.5, -0.5], 'input.weights', /0.5, -0.5 sum to 0/],
    ['that sum to 0 but for rounding', 'linear', [0.1, 0.2, -0.3], 'input.weights', /sum to 0/],
    ['of halves that do', 'slerp', [0.1 + 0.2, -0.3], 'input.weights', /sum to 0/],
    ['that are all 0', 'linear', [0, 0], 'input.weights', /sum to 0/],
    ['of halves that sum to 0', 'slerp', [1, -1], 'input.weights', /1, -1 sum to 0/],
  ])('are refused %s', (_what, method, weights, field, message) => {
    expect(() => read(method, weights, Math.max(2, weights.length))).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(message),
        details: expect.objectContaining({ field }),
      }),
    );
  });

  it.each([[[0, 0, 1, 2]], [[1, 1, -1, -1]], [[3, 2, 1, -1]]])(
    '%j are refused where a pair or a half of the tree sums to 0',
    (weights) => {
      expect(() => read('slerp', weights, 4)).toThrow(/those of a pair or a half/);
    },
  );
});
