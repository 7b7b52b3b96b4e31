/** Rotary position embedding in float64: channels d and d + D / 2 of every head turn by position * theta^(-2d / D). */
export function rotate(
  x: ArrayLike<number>,
  positions: ArrayLike<number>,
  { heads, size, theta, back = false }: { heads: number; size: number; theta: number; back?: boolean },
): Float64Array {
  const out = new Float64Array(x.length);
  const half = size / 2;
  for (let t = 0; t < positions.length; t++) {
    for (let head = 0; head < heads; head++) {
      for (let d = 0; d < half; d++) {
        const angle = positions[t]! * theta ** ((-2 * d) / size) * (back ? -1 : 1);
        const at = (t * heads + head) * size + d;
        out[at] = x[at]! * Math.cos(angle) - x[at + half]! * Math.sin(angle);
        out[at + half] = x[at + half]! * Math.cos(angle) + x[at]! * Math.sin(angle);
      }
    }
  }
  return out;
}
