/**
 * Fusion methods of one tensor in float64, straight from the formulas (docs/method.md section 5). Never optimised. Sums
 * over checkpoints run in listed order and sums over values in the order of the index, as the formulas are written.
 */

/** A flattened tensor of theta_0 and of every checkpoint, and what each checkpoint counts. */
export interface Vectors {
  readonly initial: readonly number[];
  readonly checkpoints: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const dot = (a: readonly number[], b: readonly number[]): number => sumOf(a.map((value, i) => value * b[i]!));
const norm = (a: readonly number[]): number => Math.sqrt(dot(a, a));

const deltasOf = ({ initial, checkpoints }: Vectors): number[][] =>
  checkpoints.map((weights) => weights.map((weight, i) => weight - initial[i]!));

/** theta_0 + sum of w_k delta_k, scaled by lambda. */
export function taskArithmetic(vectors: Vectors, { lambda }: { lambda: number }): number[] {
  const deltas = deltasOf(vectors);
  return vectors.initial.map(
    (start, i) => start + lambda * sumOf(deltas.map((delta, k) => vectors.weights[k]! * delta[i]!)),
  );
}

/** Places of the `count` largest values, ties by lower index. */
function placesOfLargest(values: readonly number[], count: number): Set<number> {
  const places = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
  return new Set(places.slice(0, count));
}

/** The sign that a sum stands for; a sum of 0 counts as plus. */
const signOf = (sum: number): number => (sum < 0 ? -1 : 1);

export function ties(vectors: Vectors, { density, lambda }: { density: number; lambda: number }): number[] {
  const kept = deltasOf(vectors).map((delta, k) => {
    const places = placesOfLargest(delta.map(Math.abs), Math.max(1, Math.floor(density * delta.length)));
    return delta.map((value, i) => (places.has(i) ? vectors.weights[k]! * value : 0));
  });
  return vectors.initial.map((start, i) => {
    const values = kept.map((delta) => delta[i]!);
    const sign = signOf(sumOf(values));
    const agreeing = [...values.keys()].filter((k) => Math.sign(values[k]!) === sign);
    const divisor = sumOf(agreeing.map((k) => vectors.weights[k]!));
    return start + lambda * (divisor === 0 ? 0 : sumOf(agreeing.map((k) => values[k]!)) / divisor);
  });
}

/** The population variance, of the differences from the first value: exactly 0 where all are equal. */
function variance(values: readonly number[]): number {
  const shifted = values.map((value) => value - values[0]!);
  const mean = sumOf(shifted) / values.length;
  return sumOf(shifted.map((value) => (value - mean) ** 2)) / values.length;
}

export function sce(vectors: Vectors, { density }: { density: number }): { merged: number[]; kept: number } {
  const deltas = deltasOf(vectors);
  const variances = vectors.initial.map((_, i) => variance(vectors.checkpoints.map((weights) => weights[i]!)));
  const varying = variances.filter((value) => value !== 0).length;
  const count = varying === 0 ? variances.length : Math.max(1, Math.floor(density * varying));
  const places = placesOfLargest(variances, count);
  const kept = deltas.map((delta) => delta.map((value, i) => (places.has(i) ? value : 0)));
  const squares = kept.map((delta) => dot(delta, delta));
  const weights = squares.map((value) => value / sumOf(squares));
  const merged = vectors.initial.map((start, i) => {
    const sign = signOf(sumOf(kept.map((delta) => delta[i]!)));
    const agreeing = [...kept.keys()].filter((k) => Math.sign(kept[k]![i]!) === sign);
    if (agreeing.length === 0) return start;
    return start + sumOf(agreeing.map((k) => weights[k]! * kept[k]![i]!)) / sumOf(agreeing.map((k) => weights[k]!));
  });
  return { merged, kept: count };
}

export function modelStock(vectors: Vectors): { merged: number[]; ratio: number } {
  const deltas = deltasOf(vectors);
  const K = deltas.length;
  const cosines = deltas.flatMap((a, k) =>
    deltas.slice(k + 1).map((b) => (norm(a) === 0 || norm(b) === 0 ? 0 : dot(a, b) / (norm(a) * norm(b)))),
  );
  const cosine = Math.min(1, Math.max(0, sumOf(cosines) / cosines.length));
  const ratio = (K * cosine) / (1 + (K - 1) * cosine);
  const merged = vectors.initial.map((start, i) => start + (ratio * sumOf(deltas.map((delta) => delta[i]!))) / K);
  return { merged, ratio };
}

/** The result, and for each pair whether lerp was taken and the angle, undefined where a norm is 0. */
export interface Slerped {
  readonly merged: number[];
  readonly pairs: readonly { readonly lerp: boolean; readonly angle: number | undefined }[];
}

export function slerp(vectors: Vectors, { of }: { of: 'weights' | 'deltas' }): Slerped {
  const { initial, checkpoints, weights } = vectors;
  const pairs: Slerped['pairs'][number][] = [];
  const found = tree(of === 'weights' ? checkpoints : deltasOf(vectors), weights, (pair) => pairs.push(pair));
  return { merged: of === 'weights' ? [...found] : initial.map((start, i) => start + found[i]!), pairs };
}

function tree(
  vectors: readonly (readonly number[])[],
  weights: readonly number[],
  tell: (pair: Slerped['pairs'][number]) => void,
): readonly number[] {
  if (vectors.length === 1) return vectors[0]!;
  const middle = Math.ceil(vectors.length / 2);
  const left = tree(vectors.slice(0, middle), weights.slice(0, middle), tell);
  const right = tree(vectors.slice(middle), weights.slice(middle), tell);
  const [leftWeight, rightWeight] = [sumOf(weights.slice(0, middle)), sumOf(weights.slice(middle))];
  return interpolated(left, right, rightWeight / (leftWeight + rightWeight), tell);
}

function interpolated(
  a: readonly number[],
  b: readonly number[],
  t: number,
  tell: (pair: Slerped['pairs'][number]) => void,
): readonly number[] {
  const mixed = (x: number, y: number): number[] => a.map((value, i) => x * value + y * b[i]!);
  if (norm(a) === 0 || norm(b) === 0) {
    tell({ lerp: true, angle: undefined });
    return mixed(1 - t, t);
  }
  const cosine = dot(
    a.map((value) => value / norm(a)),
    b.map((value) => value / norm(b)),
  );
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const lerp = Math.abs(cosine) > 0.9995;
  tell({ lerp, angle });
  return lerp
    ? mixed(1 - t, t)
    : mixed(Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle));
}
