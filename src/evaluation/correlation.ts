/**
 * Pearson and Spearman correlation as scipy.stats computes them: ties get average ranks, a constant side has no
 * correlation.
 */

/** A statistic, or why it is undefined. */
export type Statistic = { readonly value: number } | { readonly undefined: string };

export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Statistic {
  if (x.length < 2) return { undefined: `a correlation needs two pairs or more, there are ${x.length}` };
  if (isConstant(x)) return { undefined: 'all scores are equal' };
  if (isConstant(y)) return { undefined: 'all grades are equal' };
  const a = unit(x);
  const b = unit(y);
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return { value: Math.max(-1, Math.min(1, sum)) };
}

/** Pearson correlation of the average ranks. */
export const spearman = (x: ArrayLike<number>, y: ArrayLike<number>): Statistic =>
  pearson(averageRanks(x), averageRanks(y));

/** Ranks from 1, ascending; equal values share the mean of their ranks. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && values[order[end]!] === values[order[begin]!]) end++;
    for (let index = begin; index < end; index++) ranks[order[index]!] = (begin + 1 + end) / 2;
    begin = end;
  }
  return ranks;
}

function isConstant(values: ArrayLike<number>): boolean {
  for (let index = 1; index < values.length; index++) if (values[index] !== values[0]) return false;
  return true;
}

/** Centred values divided by their norm; scaled first, so that huge and tiny values neither overflow nor vanish. */
function unit(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const mean = pairwiseSum(values, 0, n) / n;
  const centred = Float64Array.from({ length: n }, (_, index) => values[index]! - mean);
  const largest = centred.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  let squares = 0;
  for (let index = 0; index < n; index++) squares += (centred[index]! / largest) ** 2;
  const norm = largest * Math.sqrt(squares);
  return centred.map((value) => value / norm);
}

/**
 * Sum in numpy's order (pairwise, with eight accumulators in a block of up to 128): where scores differ in their last
 * bits only, the rounding of the mean decides the correlation, and ours must be scipy's.
 */
function pairwiseSum(values: ArrayLike<number>, begin: number, count: number): number {
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return pairwiseSum(values, begin, half) + pairwiseSum(values, begin + half, count - half);
  }
  const lanes = new Float64Array(8);
  const whole = count < 8 ? 0 : count - (count % 8);
  for (let index = 0; index < whole; index++) lanes[index % 8]! += values[begin + index]!;
  const pair = (lane: number) => lanes[lane]! + lanes[lane + 1]!;
  let sum = pair(0) + pair(2) + (pair(4) + pair(6));
  for (let index = whole; index < count; index++) sum += values[begin + index]!;
  return sum;
}
