/** Half-precision values widened to f32, exactly. */

/** BF16 is the upper half of an f32. */
export function widenBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

/** IEEE 754 binary16. All 65,536 patterns are exact in f32; a table holds them, as models have billions of values. */
export function widenFloat16(halves: Uint16Array): Float32Array {
  patterns ??= Float32Array.from({ length: 0x10000 }, (_, bits) => float16(bits));
  const table = patterns;
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]];
  return values;
}

/** The value of every pattern, computed at the first use. */
let patterns: Float32Array | undefined;

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
