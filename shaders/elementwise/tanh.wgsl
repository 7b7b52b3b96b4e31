// tanh that neither overflows nor cancels: Lambert's continued fraction (1761) near zero, where it is exact to
// rounding, else by exp of a negative number. WGSL's own may be exp(x) / exp(x), which is NaN for large x.
fn safe_tanh(x: f32) -> f32 {
  let size = abs(x);
  if (size < 0.625) {
    let square = x * x;
    return x / (1.0 + square / (3.0 + square / (5.0 + square / (7.0 + square / 9.0))));
  }
  let decay = exp(-2.0 * size);
  let value = (1.0 - decay) / (1.0 + decay);
  return select(value, -value, x < 0.0);
}
