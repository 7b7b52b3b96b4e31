// SiLU, x / (1 + exp(-x)) (Hendrycks and Gimpel 2016; Elfwing et al. 2017), as the activation of a gated layer. The
// exponential's argument is never positive, so nothing overflows. Element is f32 or vec4f.
fn sigmoid(x: Element) -> Element {
  let e = exp(-abs(x));
  return select(Element(1.0), e, x < Element(0.0)) / (1.0 + e);
}

fn activate(x: Element) -> Element {
  return x * sigmoid(x);
}

fn slope(x: Element) -> Element {
  let s = sigmoid(x);
  return s + x * s * (1.0 - s);
}
