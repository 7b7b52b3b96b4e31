// The weight of a token in its text's vector. Positions count from the text's own first token, from 0; a text has
// `length` tokens and is pooled from `start`. Modes as in src/kernels/pooling.ts.
const CLS = 0u;
const MEAN = 1u;
const WEIGHTED_MEAN = 2u;
const LAST_TOKEN = 3u;
const MEAN_SQRT_LENGTH = 4u;

// Numerator of a pooled token's weight. weightedmean counts positions from 1, prompt tokens keep their numbers.
fn pool_weight(mode: u32, position: u32, start: u32, length: u32) -> f32 {
  if (position < start) { return 0.0; }
  switch (mode) {
    case CLS: { return select(0.0, 1.0, position == start); }
    case LAST_TOKEN: { return select(0.0, 1.0, position + 1u == length); }
    case WEIGHTED_MEAN: { return f32(position + 1u); }
    default: { return 1.0; }
  }
}

// What the weighted sum is divided by: the sum of the weights (its root for MEAN_SQRT_LENGTH), at least 1e-9. The sum
// of positions is exact in u32 up to 92,680 tokens.
fn pool_total(mode: u32, start: u32, length: u32) -> f32 {
  if (start >= length) { return 1e-9; }
  switch (mode) {
    case MEAN: { return f32(length - start); }
    case MEAN_SQRT_LENGTH: { return sqrt(f32(length - start)); }
    case WEIGHTED_MEAN: { return f32(length * (length + 1u) / 2u - start * (start + 1u) / 2u); }
    default: { return 1.0; }
  }
}
