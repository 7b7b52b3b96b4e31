/**
 * The one table of tolerances: |actual - expected| <= absolute + relative * |expected|, elementwise. f32 has a unit
 * roundoff of 6e-8; a sum of n terms in any fixed order errs by about sqrt(n) to n of that, relative to the sum of the
 * magnitudes.
 */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

export const tolerances = {
  /** One correctly rounded operation. */
  exact: { absolute: 0, relative: 0 },
  /** add, scale: one or two roundings. */
  elementwise: { absolute: 1e-7, relative: 2e-7 },
  /** Dot products of standard normal data, K up to 3000: errors grow like sqrt(K) * 6e-8 * sqrt(K). */
  matmul: { absolute: 2e-4, relative: 2e-6 },
  /** Sums of up to a few thousand standard normal values. */
  columnSum: { absolute: 1e-4, relative: 1e-6 },
  /**
   * x * Phi(x): Phi to 1.5e-7 absolute near zero; far out its tail is exp, which WGSL allows 3 + 2|x| units of
   * roundoff.
   */
  gelu: { absolute: 4e-7, relative: 3e-7 },
  /** Phi(x) + x phi(x), times a gradient up to 5. */
  geluGradient: { absolute: 1.5e-6, relative: 6e-7 },
  /** Vectors of whole small models against sentence-transformers, components of order 1. */
  pipelineVectors: { absolute: 1e-5, relative: 0 },
  /** A continued fraction, or exp and a division: a few units of roundoff. */
  tanh: { absolute: 1e-9, relative: 5e-7 },
  /** (1 - y)(1 + y): y within a unit of roundoff of one loses all relative digits, not absolute ones. */
  tanhGradient: { absolute: 6e-7, relative: 2e-6 },
  /** Dot products of rows of up to 130 standard normal values. */
  rowDot: { absolute: 2e-5, relative: 1e-6 },
  /** Logits of cosine / 0.02 reach 100, so a rounding of one is 4e-6; a mean of those. */
  infonceValue: { absolute: 1e-5, relative: 1e-6 },
  /** A softmax of such logits, so 2e-5 of each mass, times 1 / (temperature * B). */
  infonceGradient: { absolute: 5e-5, relative: 2e-5 },
  /** Squares summed in spans of 64 a lane. */
  globalNorm: { absolute: 0, relative: 1e-6 },
  /** Twenty updates of 0.01, each a few roundings of a parameter of order 1. */
  adamW: { absolute: 2e-6, relative: 2e-6 },
  /**
   * LayerNorm of rows with means of order 1: the mean has an error of some 2e-7, times rstd up to about 10, times
   * gamma.
   */
  layerNorm: { absolute: 1e-5, relative: 2e-6 },
  /** The same with a mean of 1000: x itself has steps of 6e-5, the mean of it a rounding of that size, times rstd. */
  layerNormFarMean: { absolute: 2e-3, relative: 1e-5 },
  /** rstd up to about 10 times the difference of values of order 1. */
  layerNormGradient: { absolute: 2e-5, relative: 1e-5 },
  /** Sums over up to 2053 tokens of products of order 1, each with LayerNorm's error. */
  layerNormParameters: { absolute: 5e-4, relative: 1e-6 },
  /**
   * As LayerNorm without a mean: a sum of squares of up to 769, a square root, two products; rstd up to 1000 where W is
   * 1.
   */
  rmsNorm: { absolute: 1e-6, relative: 2e-6 },
  /** Angles up to 71 (118 turning back) carry f32's rounding of 4e-6, times values of order 3. */
  rotary: { absolute: 3e-5, relative: 1e-6 },
  /** An activation of values up to 12, Phi to 1.5e-7 absolute, times a normal factor up to 4. */
  gated: { absolute: 2e-6, relative: 1e-6 },
  /** Its slope to 1.5e-6, times two normal factors. */
  gatedGradient: { absolute: 1e-5, relative: 2e-6 },
  /** A sum of squares in 16 parts, a square root, a division. */
  l2Normalize: { absolute: 1e-7, relative: 1e-6 },
  /** dOut less its part along the row, divided by a norm that may be small. */
  l2NormalizeGradient: { absolute: 1e-6, relative: 1e-5 },
  /** Two additions of standard normal values. */
  embedding: { absolute: 5e-7, relative: 2e-7 },
  /** A weighted mean of up to 1031 standard normal values. */
  pooling: { absolute: 1e-6, relative: 1e-6 },
  /** A maximum of order 3 plus the logarithm of a sum of up to 301 exponentials, each good to a few units. */
  attentionLogSumExp: { absolute: 3e-6, relative: 1e-6 },
  /** Means of standard normal values under weights that err by some 5e-7 each (WGSL's exp: 3 + 2 |x| units). */
  attention: { absolute: 5e-6, relative: 5e-6 },
  /** p * (dp - delta) with dp up to 40 at D = 128: 5e-7 of that, then summed over the rows under weights p. */
  attentionGradient: { absolute: 5e-5, relative: 2e-5 },
  /** Central differences in float64: truncation and cancellation at a step of 1e-5. */
  differences: { absolute: 1e-7, relative: 1e-7 },
  /** 1 - a correlation of two unit vectors. */
  pearson: { absolute: 2e-6, relative: 1e-6 },
  /** Logits of cosine / 0.02 (0.05 by default) reach 50, less their maximum, summed with weights that sum to 1. */
  rankKl: { absolute: 5e-6, relative: 2e-6 },
  /** As InfoNCE: logits up to 50. */
  pro: { absolute: 1e-5, relative: 2e-6 },
  /** A mean of up to a thousand squares of differences up to 2. */
  cosineMse: { absolute: 1e-6, relative: 1e-6 },
  /** Losses for comparison and company, as other programs compute them in float64. */
  companion: { absolute: 5e-6, relative: 5e-6 },
  /** 2 Pearson + 0.5 PRO + 5 Rank-KL + inner InfoNCE. */
  stsTotal: { absolute: 5e-5, relative: 2e-6 },
  /** Unit vectors after up to three blocks, each some ten roundings of values of order 1. */
  encoderVectors: { absolute: 1e-5, relative: 1e-5 },
  /** Losses of order 1 to 20 over ten updates: AdamW divides gradients by their own size, so roundings grow. */
  trajectory: { absolute: 1e-4, relative: 1e-4 },
  /** The same of a pico model, whose losses are of order 0.01 to 20, against PyTorch. */
  picoTrajectory: { absolute: 0, relative: 1e-4 },
} as const satisfies Record<string, Tolerance>;
