// The functions of WGSL that WebAssembly has no instruction for, in WGSL. Compiled twice: T, I and U are f32, i32 and
// u32, or their vectors of four. Each is within 4 units in the last place; sin and cos within 1e-6 on [-pi, pi], as
// WGSL asks. Polynomials after Cephes (Moshier, single precision: expf, logf, tanhf, sinf, cosf), in the public domain.

// n = round(x / ln 2), exp(x) = 2^n exp(x - n ln 2). The scale is applied in two halves, so that results down to the
// smallest subnormal come out. A NaN passes min and max as their first operand.
fn math_exp(x0: T) -> T {
  let x = max(min(x0, T(89.0)), T(-104.0));
  let t = x * 1.44269504 + 12582912.0;
  let n = t - 12582912.0;
  let r = (x - n * 0.693359375) - n * -2.12194440e-4;
  var p = 1.9875691500e-4 * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * (r * r) + (r + 1.0);
  // The bits of t end in n.
  let whole = bitcast<I>(t) - I(0x4b400000);
  let half = whole >> U(1u);
  let first = bitcast<T>((half + I(127)) << U(23u));
  let second = bitcast<T>((whole - half + I(127)) << U(23u));
  return (p * first) * second;
}

fn math_log(x0: T) -> T {
  let tiny = x0 < T(1.17549435e-38);
  let x = select(x0, x0 * 8388608.0, tiny);
  let bits = bitcast<I>(x);
  var e = T(((bits >> U(23u)) & I(255)) - I(126)) - select(T(0.0), T(23.0), tiny);
  var m = bitcast<T>((bits & I(0x7fffff)) | I(0x3f000000));
  let low = m < T(0.70710678);
  e = e - select(T(0.0), T(1.0), low);
  m = select(m, m + m, low) - 1.0;
  var p = 7.0376836292e-2 * m - 1.1514610310e-1;
  p = p * m + 1.1676998740e-1;
  p = p * m - 1.2420140846e-1;
  p = p * m + 1.4249322787e-1;
  p = p * m - 1.6668057665e-1;
  p = p * m + 2.0000714765e-1;
  p = p * m - 2.4999993993e-1;
  p = p * m + 3.3333331174e-1;
  let z = m * m;
  var y = p * m * z + e * -2.12194440e-4 - 0.5 * z;
  y = m + y + e * 0.693359375;
  y = select(y, bitcast<T>(U(0xff800000u)), x0 == T(0.0));
  y = select(y, bitcast<T>(U(0x7fc00000u)), x0 < T(0.0));
  return select(y, x0, (x0 != x0) | (x0 == bitcast<T>(U(0x7f800000u))));
}

fn math_tanh(x: T) -> T {
  let a = abs(x);
  let z = x * x;
  var p = -5.70498872745e-3 * z + 2.06390887954e-2;
  p = p * z - 5.37397155531e-2;
  p = p * z + 1.33314422036e-1;
  p = p * z - 3.33332819422e-1;
  let small = p * z * x + x;
  let large = 1.0 - 2.0 / (math_exp(a + a) + 1.0);
  return select(select(large, -large, x < T(0.0)), small, a < T(0.625));
}

// Quarter turns are taken off in three parts of pi / 2.
fn math_turn(x: T, quarters: I) -> T {
  let n = round(x * 0.636619772);
  let r = ((x - n * 1.5703125) - n * 4.837512969970703125e-4) - n * 7.54978995489188216e-8;
  let q = I(n) + quarters;
  let z = r * r;
  let s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
  let c = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  let v = select(s, c, (q & I(1)) != I(0));
  return select(v, -v, (q & I(2)) != I(0));
}

fn math_sin(x: T) -> T { return math_turn(x, I(0)); }

fn math_cos(x: T) -> T { return math_turn(x, I(1)); }
