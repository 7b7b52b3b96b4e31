/** How far results are from exact ones, in units in the last place. */

/** Units in the last place of the f32 that is nearest to a number. */
function ulp(value: number): number {
  const size = Math.abs(Math.fround(value));
  return size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23);
}

/** The largest distance of finite results, and where; infinite where one is not the infinity or NaN it should be. */
export function worst(values: Float32Array, results: Float32Array, exact: (x: number) => number): [number, number] {
  let most = 0;
  let where = Number.NaN;
  for (const [i, x] of values.entries()) {
    const wanted = exact(x);
    if (!Number.isFinite(Math.fround(wanted))) {
      if (!Object.is(results[i], Math.fround(wanted))) return [Number.POSITIVE_INFINITY, x];
      continue;
    }
    const off = Math.abs(results[i]! - wanted) / ulp(wanted);
    if (!(off <= most)) [most, where] = [off, x];
  }
  return [most, where];
}
