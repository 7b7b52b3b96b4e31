/**
 * Model Stock: theta_0 + t (mean - theta_0) per tensor, t = K c / (1 + (K - 1) c) by the mean cosine c of the deltas.
 * Source: Jang et al. 2024, arXiv 2403.19522, equation 7 for K checkpoints.
 */
import { gramOf, plusDeltas } from '../sums.ts';
import type { Method } from './method.ts';

export const modelStock: Method<'model-stock'> = (_parameters, _models, pause) => {
  // By name: a tensor may be merged more than once.
  const ratios = new Map<string, number>();
  return {
    async merge({ name }, tensor) {
      const K = tensor.checkpoints.length;
      const cosine = meanCosine(await gramOf(tensor, 'deltas', pause));
      const ratio = (K * cosine) / (1 + (K - 1) * cosine);
      ratios.set(name, ratio);
      return plusDeltas(tensor, tensor.weights, { factor: ratio, divisor: K }, pause);
    },
    figures: () => ({ meanRatio: meanOf([...ratios.values()]) }),
  };
};

/** Null of none. */
const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean over the pairs of vectors, 0 for a pair with a vector of 0; clamped to 0 and 1. 1 for one vector alone. */
function meanCosine(gram: readonly (readonly number[])[]): number {
  let [sum, pairs] = [0, 0];
  for (let k = 0; k < gram.length; k++) {
    for (let j = k + 1; j < gram.length; j++) {
      pairs++;
      if (gram[k][k] > 0 && gram[j][j] > 0) sum += gram[k][j] / (Math.sqrt(gram[k][k]) * Math.sqrt(gram[j][j]));
    }
  }
  return pairs === 0 ? 1 : Math.min(Math.max(sum / pairs, 0), 1);
}
