// Cross entropy of one target among others without losing what is small beside 1. `lead` = (largest logit of all) less
// (the target's), at least 0; `others` = sum of exp(logit - largest logit) over every column but the target.

/// log(1 + x) for x >= 0. Below 1 by 2 artanh(x / (2 + x)), since log may be off by 2^-21 near 1; the first term left
/// out is 1e-8 of the sum.
fn log_one_plus(x: f32) -> f32 {
  if (x < 1.0) {
    let s = x / (2.0 + x);
    let q = s * s;
    let tail = q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q / 13.0)))));
    return 2.0 * (s + s * tail);
  }
  return log(1.0 + x);
}

fn target_loss(lead: f32, others: f32) -> f32 {
  if (lead > 0.0) {
    return lead + log(others + exp(-lead));
  }
  return log_one_plus(others) + lead;
}

/// Sum of the softmax over every column but the target.
fn other_share(lead: f32, others: f32) -> f32 {
  return others / (others + exp(-lead));
}
