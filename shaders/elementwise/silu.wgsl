// SiLU, x / (1 + exp(-x)) (Hendrycks and Gimpel 2016; Elfwing et al. 2017), as the activation of a gated layer. The
// exponential's argument is never positive, so nothing overflows.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}

fn activate(x: f32) -> f32 {
  return x * sigmoid(x);
}

fn slope(x: f32) -> f32 {
  let s = sigmoid(x);
  return s + x * s * (1.0 - s);
}
