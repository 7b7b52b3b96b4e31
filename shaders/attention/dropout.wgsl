// Dropout of attention weights. One Threefry-2x32 keyed by (seed, step ^ site's mix) makes the key of (sample, head)
// from that pair as counter; under it, the counter (query position, key position / 4) gives 4 x 16 random bits: those
// of four consecutive keys. Positions count from the text's own first token. A weight is dropped where its bits are
// below `threshold` = round(rate * 65536), else it is scaled by `keep_scale` = 1 / (1 - rate).

// Factors of four consecutive keys, the first one at a multiple of 4.
fn dropout_factors(key: vec2u, query: u32, key_block: u32, threshold: u32, keep_scale: f32) -> vec4f {
  let bits = threefry2x32(key, vec2u(query, key_block));
  let random = vec4u(bits.x & 0xffffu, bits.x >> 16u, bits.y & 0xffffu, bits.y >> 16u);
  return select(vec4f(keep_scale), vec4f(0.0), random < vec4u(threshold));
}

// Factor of one key.
fn dropout_factor(key: vec2u, query: u32, position: u32, threshold: u32, keep_scale: f32) -> f32 {
  let bits = threefry2x32(key, vec2u(query, position / 4u));
  let word = select(bits.x, bits.y, (position & 2u) != 0u);
  let random = select(word & 0xffffu, word >> 16u, (position & 1u) != 0u);
  return select(keep_scale, 0.0, random < threshold);
}
