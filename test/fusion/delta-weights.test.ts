import { describe, expect, it } from 'vitest';
import { deltaWeights, mergeTensor } from '../../src/fusion/methods/delta-guided.ts';
import { pauseOf } from '../../src/fusion/pieces.ts';

/** The weights a_k, whose sum is 1. */
function weightsOf(norms: readonly number[], power: number): number[] {
  const weights = Float64Array.from(norms);
  const sum = deltaWeights(weights, power);
  return [...weights].map((weight) => weight / sum);
}

describe('weights of one group', () => {
  it('follow the norms to a power', () => {
    expect(weightsOf([1, 3], 1)).toEqual([0.25, 0.75]);
    expect(weightsOf([1, 3], 2)[0]).toBeCloseTo(0.1, 15);
    expect(weightsOf([1, 3], -1)[0]).toBeCloseTo(0.75, 15);
    expect(weightsOf([1, 3], 0)).toEqual([0.5, 0.5]);
  });

  it('are zero for what did not move, unless the power is 0', () => {
    expect(weightsOf([0, 0], 1)).toEqual([0, 0]);
    expect(weightsOf([0, 0], -1)).toEqual([0, 0]);
    expect(weightsOf([0, 2, 2], 1)).toEqual([0, 0.5, 0.5]);
    expect(weightsOf([0, 2, 2], -3)).toEqual([0, 0.5, 0.5]);
    expect(weightsOf([0, 4], 0)).toEqual([0.5, 0.5]);
  });

  it('neither overflow nor vanish at the ends of f32', () => {
    for (const power of [8, -8]) {
      for (const norms of [
        [1e-45, 1e-45],
        [3e38, 3e38],
        [1e-45, 3e38],
        [1e-45, 1e-40, 0],
      ]) {
        const weights = weightsOf(norms, power);
        expect(weights.every((weight) => weight >= 0 && weight <= 1)).toBe(true);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      }
    }
  });

  it('keep element-wise merging of the smallest deltas finite', async () => {
    const tensor = {
      shape: [3],
      initial: new Float32Array([0, 0, 1]),
      checkpoints: [new Float32Array([1e-30, 1e-44, 1]), new Float32Array([3e-30, 0, 1])],
      weights: [1, 1],
    };
    const merged = await mergeTensor(tensor, { granularity: 'element', power: 2, lambda: 1 }, pauseOf());
    expect([...merged]).toEqual([Math.fround(2.8e-30), Math.fround(1e-44), 1]);
  });
});
