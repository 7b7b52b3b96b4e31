/**
 * The one table of tolerances: |actual - expected| <= absolute + relative * |expected|, elementwise. f32 has a unit roundoff of
 * 6e-8; a sum of n terms in any fixed order errs by about sqrt(n) to n of that, relative to the sum of the magnitudes.
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
  /** x * Phi(x): erf is a polynomial that reaches 1.2e-7 absolute, times |x| up to where Phi saturates. */
  gelu: { absolute: 4e-7, relative: 4e-7 },
} as const satisfies Record<string, Tolerance>;
