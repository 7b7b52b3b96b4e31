/** Linear: the weighted mean of the weights. Source: Wortsman et al. 2022, arXiv 2203.05482. */
import type { Pause } from '../pieces.ts';
import { weightedSum } from '../sums.ts';
import type { Method, TensorSet } from './method.ts';

export const linear: Method<'linear'> = (_parameters, _models, pause) => ({
  merge: (_, tensor) => weightedMean(tensor, pause),
});

/** Sum of w_k theta_k, divided by the sum of the weights, both in listed order. */
export function weightedMean(tensor: TensorSet, pause: Pause): Promise<Float32Array> {
  const { weights } = tensor;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weightedSum(tensor, weights, total, pause);
}
