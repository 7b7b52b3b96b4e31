/** Student's t interval of a mean over few values, such as differences over the seeds of an experiment. */

export interface TInterval {
  readonly n: number;
  readonly mean: number;
  /** Half width of the 95 % interval; null with fewer than two values. */
  readonly half: number | null;
}

/** Null without values. */
export function tInterval(values: readonly number[]): TInterval | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { n, mean, half: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, half: (tQuantile(0.975, n - 1) * Math.sqrt(squares / (n - 1))) / Math.sqrt(n) };
}

/** The t with P(T <= t) = `probability` of a half or more, by bisection to the last bit. */
export function tQuantile(probability: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (tCumulative(high, freedom) < probability) high *= 2;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (tCumulative(middle, freedom) < probability) low = middle;
    else high = middle;
  }
  return high;
}

/** P(T <= t) for t >= 0: Abramowitz and Stegun 26.7.3 and 26.7.4, finite sums that are exact for whole degrees. */
function tCumulative(t: number, freedom: number): number {
  const angle = Math.atan2(t, Math.sqrt(freedom));
  const cosine = Math.cos(angle);
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < freedom; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  const inside = isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return (1 + inside) / 2;
}
