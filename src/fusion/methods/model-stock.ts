/**
 * Model Stock: theta_0 + t (mean - theta_0) per tensor, t = K c / (1 + (K - 1) c) by the mean cosine c of the deltas.
 * Source: Jang et al. 2024, arXiv 2403.19522, equation 7 for K checkpoints.
 */
import { gramOf, plusDeltas } from '../sums.ts';
import type { Method } from './method.ts';

export const modelStock: Method<'model-stock'> = (_parameters, _models, pause) => {
  let [sum, tensors] = [0, 0];
  return {
    async merge(_, tensor) {
      const K = tensor.checkpoints.length;
      const cosine = meanCosine(await gramOf(tensor, 'deltas', pause));
      const ratio = (K * cosine) / (1 + (K - 1) * cosine);
      sum += ratio;
      tensors++;
      return plusDeltas(tensor, tensor.weights, ratio / K, pause);
    },
    figures: () => ({ meanRatio: tensors === 0 ? null : sum / tensors }),
  };
};

/** Mean over the pairs of vectors, 0 for a pair with a vector of 0; clamped to 0 and 1. */
function meanCosine(gram: readonly (readonly number[])[]): number {
  let [sum, pairs] = [0, 0];
  for (let k = 0; k < gram.length; k++) {
    for (let j = k + 1; j < gram.length; j++) {
      pairs++;
      if (gram[k][k] > 0 && gram[j][j] > 0) sum += gram[k][j] / (Math.sqrt(gram[k][k]) * Math.sqrt(gram[j][j]));
    }
  }
  return Math.min(Math.max(sum / pairs, 0), 1);
}
