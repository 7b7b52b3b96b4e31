// Phi(x), the standard normal distribution function, to 1.5e-7 absolute, and exp(-x^2 / 2) beside it.
// Phi(-|x|) = erfc(z) / 2 with z = |x| / sqrt(2), and erfc(z) = exp(-z^2) Q(t), t = 1 / (1 + z / 2). Q is a polynomial
// fitted to erfc's relative error (4.5e-8) on [0, 13]; the rest of the error is f32's.
struct NormalCdf { phi: Element, gauss: Element }

fn normal_cdf(x: Element) -> NormalCdf {
  let t = 1.0 / (1.0 + 0.35355339 * abs(x));
  // Smaller than f32's normal range counts as zero; a NaN passes through by the caller's product with x.
  let gauss = exp(max(-0.5 * x * x, Element(-87.0)));
  var q = 0.28610967 - 0.059383079 * t;
  q = -0.49038112 + t * q;
  q = 0.28170909 + t * q;
  q = -0.029134847 + t * q;
  q = 0.20374787 + t * q;
  q = 0.24283604 + t * q;
  q = 0.28241200 + t * q;
  q = 0.28208434 + t * q;
  let tail = 0.5 * gauss * t * q;
  return NormalCdf(select(1.0 - tail, tail, x < Element(0.0)), gauss);
}
