// Threefry-2x32 (threefry.wgsl) of four counters under one key, a component each.
struct FourBits { x: vec4u, y: vec4u }

fn four_round(state: FourBits, rotation: u32) -> FourBits {
  let x = state.x + state.y;
  return FourBits(x, ((state.y << vec4u(rotation)) | (state.y >> vec4u(32u - rotation))) ^ x);
}

fn four_rounds_even(state: FourBits, x: u32, y: u32) -> FourBits {
  let end = four_round(four_round(four_round(four_round(state, 13u), 15u), 26u), 6u);
  return FourBits(end.x + vec4u(x), end.y + vec4u(y));
}

fn four_rounds_odd(state: FourBits, x: u32, y: u32) -> FourBits {
  let end = four_round(four_round(four_round(four_round(state, 17u), 29u), 16u), 24u);
  return FourBits(end.x + vec4u(x), end.y + vec4u(y));
}

fn threefry2x32_four(key: vec2u, x: vec4u, y: vec4u) -> FourBits {
  let parity = 0x1bd11bdau ^ key.x ^ key.y;
  var state = FourBits(x + vec4u(key.x), y + vec4u(key.y));
  state = four_rounds_even(state, key.y, parity + 1u);
  state = four_rounds_odd(state, parity, key.x + 2u);
  state = four_rounds_even(state, key.x, key.y + 3u);
  state = four_rounds_odd(state, key.y, parity + 4u);
  return four_rounds_even(state, parity, key.x + 5u);
}

// Factors of dropout by 16 of 64 random bits each: a column for each 16 bits, a component for each counter. 0 where
// they are below `threshold`, else `keep_scale`.
fn factors_of_bits(bits: FourBits, threshold: u32, keep_scale: f32) -> mat4x4f {
  let limit = vec4i(i32(threshold));
  let low = vec4u(0xffffu);
  let high = vec4u(16u);
  let kept = vec4f(keep_scale);
  let dropped = vec4f(0.0);
  return mat4x4f(
    select(kept, dropped, bitcast<vec4i>(bits.x & low) < limit),
    select(kept, dropped, bitcast<vec4i>(bits.x >> high) < limit),
    select(kept, dropped, bitcast<vec4i>(bits.y & low) < limit),
    select(kept, dropped, bitcast<vec4i>(bits.y >> high) < limit));
}
