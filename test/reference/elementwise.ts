/** GELU in float64. */

/**
 * erf by its Maclaurin series below 3 and the continued fraction of erfc above: about 1e-15 (Abramowitz, Stegun 7.1.5,
 * 7.1.14).
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z >= 3) return Math.sign(x) * (1 - erfc(z));
  let term = z;
  let sum = z;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n += 1) {
    term *= (-z * z) / n;
    sum += term / (2 * n + 1);
  }
  return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
}

/** erfc of z >= 3. */
function erfc(z: number): number {
  let fraction = 0;
  for (let n = 60; n >= 1; n -= 1) fraction = n / 2 / (z + fraction);
  return Math.exp(-z * z) / ((z + fraction) * Math.sqrt(Math.PI));
}

/** Phi(x), accurate in the lower tail too. */
const phi = (x: number): number => (x < -3 * Math.SQRT2 ? erfc(-x / Math.SQRT2) / 2 : (1 + erf(x / Math.SQRT2)) / 2);

export const gelu = (x: number): number => x * phi(x);
export const geluDerivative = (x: number): number => phi(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);

export const silu = (x: number): number => x / (1 + Math.exp(-x));
export function siluDerivative(x: number): number {
  const sigmoid = 1 / (1 + Math.exp(-x));
  return sigmoid * (1 + x * (1 - sigmoid));
}
