// GELU with the exact erf as the activation of a gated layer; needs normal_cdf.wgsl.
fn activate(x: Element) -> Element {
  return x * normal_cdf(x).phi;
}

fn slope(x: Element) -> Element {
  let normal = normal_cdf(x);
  return normal.phi + x * 0.39894228 * normal.gauss;
}
