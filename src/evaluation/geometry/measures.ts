/**
 * How vectors lie on the sphere: alignment and uniformity (Wang and Isola 2020, arXiv 2005.10242), the mean cosine of
 * random pairs, token-wise cosine, and the spectrum (docs/method.md section 6).
 */

/** Rows of unit vectors by text number. */
export type VectorOf = (text: number) => Float32Array;

interface Pairs {
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
}

/** Mean of the squared distance of positives (alpha = 2); null without a pair. */
export const alignment = (pairs: Pairs, vectorOf: VectorOf): number | null =>
  meanOver(pairs, (first, second) => squaredDistance(vectorOf(first), vectorOf(second)));

/** log of the mean of exp(-2 |x - y|^2) over random pairs (t = 2); null without a pair. */
export function uniformity(pairs: Pairs, vectorOf: VectorOf): number | null {
  const mean = meanOver(pairs, (first, second) => Math.exp(-2 * squaredDistance(vectorOf(first), vectorOf(second))));
  return mean === null ? null : Math.log(mean);
}

/** Mean cosine of random pairs, which says how anisotropic the vectors are; null without a pair. */
export const meanCosine = (pairs: Pairs, vectorOf: VectorOf): number | null =>
  meanOver(pairs, (first, second) => dot(vectorOf(first), vectorOf(second)));

/**
 * Mean cosine of all pairs of different tokens of one text, from their row-major states [T, C]: (|sum of unit rows|^2 -
 * T) / (T (T - 1)). Null for a single token.
 */
export function tokenCosine(states: Float32Array, width: number): number | null {
  const tokens = states.length / width;
  if (tokens < 2) return null;
  const sum = new Float64Array(width);
  let squares = 0;
  for (let begin = 0; begin < states.length; begin += width) {
    const state = states.subarray(begin, begin + width);
    const length = Math.sqrt(dot(state, state));
    if (length === 0) continue;
    squares++;
    for (let channel = 0; channel < width; channel++) sum[channel]! += state[channel]! / length;
  }
  return (dot(sum, sum) - squares) / (tokens * (tokens - 1));
}

/** exp of the entropy of the shares of the singular values (Roy and Vetterli 2007). */
export function effectiveRank(singular: ArrayLike<number>): number {
  const values = Array.from(singular);
  const sum = values.reduce((total, value) => total + value, 0);
  const entropy = values.reduce(
    (total, value) => (value > 0 ? total - (value / sum) * Math.log(value / sum) : total),
    0,
  );
  return Math.exp(entropy);
}

/** Smallest share of the largest singular value that counts as one. */
const leastShare = 1e-6;

/** Largest divided by smallest singular value, of descending ones, or why there is none. */
export function conditionNumber(singular: Float64Array): { readonly value: number } | { readonly undefined: string } {
  const largest = singular[0] ?? 0;
  const smallest = singular.at(-1) ?? 0;
  if (largest === 0) return { undefined: 'there is no vector' };
  if (smallest >= leastShare * largest) return { value: largest / smallest };
  return { undefined: `the smallest singular value is below ${leastShare} of the largest` };
}

function meanOver({ first, second }: Pairs, value: (first: number, second: number) => number): number | null {
  if (first.length === 0) return null;
  let sum = 0;
  for (let pair = 0; pair < first.length; pair++) sum += value(first[pair]!, second[pair]!);
  return sum / first.length;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let channel = 0; channel < a.length; channel++) sum += (a[channel]! - b[channel]!) ** 2;
  return sum;
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let channel = 0; channel < a.length; channel++) sum += a[channel]! * b[channel]!;
  return sum;
}
