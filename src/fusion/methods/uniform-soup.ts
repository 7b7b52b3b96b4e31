/** Uniform soup: the mean of the weights. Source: Wortsman et al. 2022, arXiv 2203.05482. */
import { eachPiece, type Pause } from '../pieces.ts';
import type { Method, MethodParameters } from './method.ts';

export const uniformSoup: Method<MethodParameters<'uniform-soup'>> = (_parameters, _models, pause) => {
  return (_, { checkpoints }) => meanOfWeights(checkpoints, pause);
};

/** Mean of one tensor's values over the checkpoints; f32 result of sums in f64. */
export async function meanOfWeights(checkpoints: readonly Float32Array[], pause: Pause): Promise<Float32Array> {
  const merged = new Float32Array(checkpoints[0].length);
  await eachPiece(merged.length, pause, (begin, end) => {
    for (let i = begin; i < end; i++) {
      let sum = 0;
      for (const weights of checkpoints) sum += weights[i];
      merged[i] = sum / checkpoints.length;
    }
  });
  return merged;
}
