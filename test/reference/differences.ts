/** Gradients by central differences in float64: what the references' own backward passes are measured against. */

/** d loss / d input for every input; step 1e-5 leaves an error of about 1e-9 for functions of order one. */
export function differentiate<I extends readonly ArrayLike<number>[]>(
  loss: (...inputs: Float64Array[]) => number,
  inputs: I,
): Float64Array[] {
  const step = 1e-5;
  const values = inputs.map((input) => Float64Array.from(input));
  return values.map((value) => {
    const gradient = new Float64Array(value.length);
    for (let i = 0; i < value.length; i++) {
      const kept = value[i]!;
      value[i] = kept + step;
      const up = loss(...values);
      value[i] = kept - step;
      const down = loss(...values);
      value[i] = kept;
      gradient[i] = (up - down) / (2 * step);
    }
    return gradient;
  });
}
