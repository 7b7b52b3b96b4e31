/**
 * Similarity metrics as MTEB computes them: Spearman and Pearson of cosine, and of negated Euclidean and Manhattan
 * distance, against the grades. Cosine is 1 - |a/|a| - b/|b||^2 / 2 in f64, so that equal vectors score exactly 1 and
 * tie. Beside MTEB's, the order accuracies of fine differences: `order_accuracy_gap_0.1` and so on.
 */
import { invariant } from '../errors.ts';
import { pearson, type Statistic, spearman } from './correlation.ts';
import { gapRanges, orderAccuracies } from './statistics/fine-differences.ts';
import type { MeasuredPairs } from './units/types.ts';

export interface SimilarityInput {
  /** [N, C] row-major, the first texts. */
  readonly first: Float32Array;
  /** [N, C] row-major, their partners. */
  readonly second: Float32Array;
  /** C */
  readonly dimension: number;
  /** [N] grades; -1 = no grade, left out. */
  readonly grades: ArrayLike<number>;
}

export interface SimilarityMetrics {
  /** `cosine_spearman`, ..., null where undefined. */
  readonly metrics: Record<string, number | null>;
  readonly undefinedReasons: Record<string, string>;
  /** The pairs that have a grade. */
  readonly units: MeasuredPairs;
}

export function evaluateSts({ first, second, dimension, grades }: SimilarityInput): SimilarityMetrics {
  const graded = Array.from({ length: grades.length }, (_, pair) => pair).filter((pair) => grades[pair] !== -1);
  const row = (vectors: Float32Array, pair: number) => vectors.subarray(pair * dimension, (pair + 1) * dimension);
  const compared = graded.map((pair) => compare(row(first, pair), row(second, pair)));
  return scoreSimilarities(
    {
      cosine: compared.map(({ cosine }) => cosine),
      euclidean: compared.map(({ euclidean }) => -euclidean),
      manhattan: compared.map(({ manhattan }) => -manhattan),
    },
    graded.map((pair) => grades[pair]!),
  );
}

/** Both correlations of every list of scores with the grades, and how well cosines order fine differences. */
export function scoreSimilarities(
  scores: Readonly<Record<string, readonly number[]>> & { readonly cosine: readonly number[] },
  grades: readonly number[],
): SimilarityMetrics {
  const metrics: Record<string, number | null> = {};
  const undefinedReasons: Record<string, string> = {};
  const put = (name: string, statistic: Statistic) => {
    metrics[name] = 'value' in statistic ? statistic.value : null;
    if (!('value' in statistic)) undefinedReasons[name] = statistic.undefined;
  };
  for (const [name, values] of Object.entries(scores)) {
    put(`${name}_spearman`, spearman(values, grades));
    put(`${name}_pearson`, pearson(values, grades));
  }
  for (const [range, value] of orderAccuracies(scores.cosine, grades).entries()) {
    const { above, upTo } = gapRanges[range]!;
    const reason = `no two grades differ by more than ${above} and at most ${upTo}`;
    put(`order_accuracy_gap_${upTo}`, value === null ? { undefined: reason } : { value });
  }
  const cosines = Float64Array.from(scores.cosine);
  return { metrics, undefinedReasons, units: { task: 'sts', cosines, grades: Float64Array.from(grades, Math.fround) } };
}

/** Cosine, Euclidean and Manhattan distance of two vectors. */
function compare(a: Float32Array, b: Float32Array) {
  const normA = norm(a);
  const normB = norm(b);
  let unitSquares = 0;
  let squares = 0;
  let manhattan = 0;
  for (let channel = 0; channel < a.length; channel++) {
    const difference = a[channel]! - b[channel]!;
    squares += difference * difference;
    manhattan += Math.abs(difference);
    unitSquares += (a[channel]! / normA - b[channel]! / normB) ** 2;
  }
  invariant(Number.isFinite(squares) && Number.isFinite(unitSquares), 'A vector holds a value that is not finite');
  return { cosine: 1 - unitSquares / 2, euclidean: Math.sqrt(squares), manhattan };
}

/** Length of a vector; 1 for the zero vector, which stays zero then. */
function norm(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares) || 1;
}
