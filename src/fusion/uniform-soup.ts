/** Uniform soup: the mean of the weights. Source: Wortsman et al. 2022, arXiv 2203.05482. */

/** Mean of one tensor's values over the checkpoints; f32 result of sums in f64. */
export function meanOfWeights(checkpoints: readonly Float32Array[]): Float32Array {
  const merged = new Float32Array(checkpoints[0].length);
  for (let i = 0; i < merged.length; i++) {
    let sum = 0;
    for (const weights of checkpoints) sum += weights[i];
    merged[i] = sum / checkpoints.length;
  }
  return merged;
}
