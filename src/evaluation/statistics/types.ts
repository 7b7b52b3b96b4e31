/** A comparison of two evaluations, unit by unit. Plain types. */
import type { QueryFigure } from '../units/types.ts';

export interface CompareInput {
  /** Digests of the units of two evaluations on the same records. */
  readonly first: string;
  readonly second: string;
  /** What retrieval is compared by; similarity is by Spearman. */
  readonly figure: QueryFigure;
}

export interface Comparison {
  readonly figure: QueryFigure | 'cosine_spearman';
  /** Queries or pairs. */
  readonly units: number;
  /** The second system minus the first; null where one of them is undefined. */
  readonly difference: number | null;
  /** Paired bootstrap: percentile 95 % interval. */
  readonly low: number | null;
  readonly high: number | null;
  /** Randomisation test, two-sided. */
  readonly p: number | null;
  /** Smallest difference that such a test finds with a probability of 80 %: 2.80 standard errors of the bootstrap. */
  readonly detectable: number | null;
  /** Resamples with a difference, of those drawn. */
  readonly resamples: number;
  /** Better or worse needs an interval that excludes 0. */
  readonly verdict: 'better' | 'worse' | 'undecided';
  /** Why the difference is null. */
  readonly undefinedReason: string | null;
}
