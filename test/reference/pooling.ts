/** Pooling in float64 by the formulas of sentence-transformers, with an explicit mask. Never optimised. */
type Values = ArrayLike<number>;
export type Mode = 'cls' | 'mean' | 'weightedmean' | 'lasttoken' | 'mean_sqrt_len';

/** [T] the weight of each token in its text's vector, mask and denominator included. */
function poolWeights(cumulative: Values, poolStart: Values, mode: Mode): Float64Array {
  const B = poolStart.length;
  const weights = new Float64Array(cumulative[B]!);
  for (let b = 0; b < B; b++) {
    const length = cumulative[b + 1]! - cumulative[b]!;
    const mask = Array.from({ length }, (_, j) => (j >= poolStart[b]! ? 1 : 0));
    const numerators = mask.map((on, j) => {
      if (mode === 'cls') return j === mask.indexOf(1) ? 1 : 0;
      if (mode === 'lasttoken') return j === mask.lastIndexOf(1) ? 1 : 0;
      return mode === 'weightedmean' ? on * (j + 1) : on;
    });
    const total = numerators.reduce<number>((sum, value) => sum + value, 0);
    numerators.forEach((value, j) => {
      weights[cumulative[b]! + j] = value / Math.max(mode === 'mean_sqrt_len' ? Math.sqrt(total) : total, 1e-9);
    });
  }
  return weights;
}

export function poolForward(x: Values, cumulative: Values, poolStart: Values, mode: Mode, C: number): Float64Array {
  const weights = poolWeights(cumulative, poolStart, mode);
  const out = new Float64Array(poolStart.length * C);
  for (let b = 0; b < poolStart.length; b++) {
    for (let t = cumulative[b]!; t < cumulative[b + 1]!; t++) {
      for (let c = 0; c < C; c++) out[b * C + c]! += weights[t]! * x[t * C + c]!;
    }
  }
  return out;
}

export function poolBackward(dOut: Values, cumulative: Values, poolStart: Values, mode: Mode, C: number): Float64Array {
  const weights = poolWeights(cumulative, poolStart, mode);
  const dX = new Float64Array(weights.length * C);
  for (let b = 0; b < poolStart.length; b++) {
    for (let t = cumulative[b]!; t < cumulative[b + 1]!; t++) {
      for (let c = 0; c < C; c++) dX[t * C + c] = weights[t]! * dOut[b * C + c]!;
    }
  }
  return dX;
}

/** [B, C] the token, counted in the batch, whose value is the largest of its text and channel; the first of equals. */
export function maxTokens(x: Values, cumulative: Values, poolStart: Values, C: number): Uint32Array {
  return Uint32Array.from({ length: poolStart.length * C }, (_, i) => {
    const [b, c] = [Math.floor(i / C), i % C];
    const first = cumulative[b]! + poolStart[b]!;
    const values = Array.from({ length: cumulative[b + 1]! - first }, (_value, j) => x[(first + j) * C + c]!);
    return first + values.indexOf(Math.max(...values));
  });
}
