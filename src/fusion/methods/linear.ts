/** Linear: the weighted mean of the weights. Source: Wortsman et al. 2022, arXiv 2203.05482. */
import { eachPiece, type Pause } from '../pieces.ts';
import type { Method, TensorSet } from './method.ts';

export const linear: Method<'linear'> = (_parameters, _models, pause) => ({
  merge: (_, tensor) => weightedMean(tensor, pause),
});

/**
 * Mean of one tensor's values over the checkpoints: the sum of w_k theta_k in listed order, divided by the sum of the
 * weights in the same order. f32 result of sums in f64.
 */
export async function weightedMean({ checkpoints, weights }: TensorSet, pause: Pause): Promise<Float32Array> {
  const merged = new Float32Array(checkpoints[0].length);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  await eachPiece(merged.length, pause, (begin, end) => {
    for (let i = begin; i < end; i++) {
      let sum = 0;
      for (let k = 0; k < checkpoints.length; k++) sum += weights[k] * checkpoints[k][i];
      merged[i] = sum / total;
    }
  });
  return merged;
}
