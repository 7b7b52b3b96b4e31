/** Matrix products in float64. */
type Numbers = ArrayLike<number>;

/** [M,N] = alpha * A B + bias, with A's element (i, k) and B's element (k, j) given by functions. */
function product(
  m: number,
  n: number,
  k: number,
  a: (i: number, k: number) => number,
  b: (k: number, j: number) => number,
) {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i += 1) {
    for (let j = 0; j < n; j += 1) {
      let sum = 0;
      for (let l = 0; l < k; l += 1) sum += a(i, l) * b(l, j);
      out[i * n + j] = sum;
    }
  }
  return out;
}

/** a [M,K], b [N,K] -> a b^T [M,N]. */
export const matmulNT = (a: Numbers, b: Numbers, m: number, n: number, k: number): Float64Array =>
  product(
    m,
    n,
    k,
    (i, l) => a[i * k + l]!,
    (l, j) => b[j * k + l]!,
  );

/** a [M,K], b [K,N] -> a b [M,N]. */
export const matmulNN = (a: Numbers, b: Numbers, m: number, n: number, k: number): Float64Array =>
  product(
    m,
    n,
    k,
    (i, l) => a[i * k + l]!,
    (l, j) => b[l * n + j]!,
  );

/** a [K,M], b [K,N] -> a^T b [M,N]. */
export const matmulTN = (a: Numbers, b: Numbers, m: number, n: number, k: number): Float64Array =>
  product(
    m,
    n,
    k,
    (i, l) => a[l * m + i]!,
    (l, j) => b[l * n + j]!,
  );

/** x [T,N] -> sums of the columns [N]. */
export function columnSum(x: Numbers, t: number, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < t * n; i += 1) out[i % n]! += x[i]!;
  return out;
}
