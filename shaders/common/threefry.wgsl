// Threefry-2x32, 20 rounds: a counter-based random generator. The same key and counter give the same 64 bits anywhere.
// Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
fn threefry_round(state: vec2u, rotation: u32) -> vec2u {
  let x = state.x + state.y;
  return vec2u(x, ((state.y << rotation) | (state.y >> (32u - rotation))) ^ x);
}

fn threefry_rounds_even(state: vec2u) -> vec2u {
  return threefry_round(threefry_round(threefry_round(threefry_round(state, 13u), 15u), 26u), 6u);
}

fn threefry_rounds_odd(state: vec2u) -> vec2u {
  return threefry_round(threefry_round(threefry_round(threefry_round(state, 17u), 29u), 16u), 24u);
}

fn threefry2x32(key: vec2u, counter: vec2u) -> vec2u {
  let parity = 0x1bd11bdau ^ key.x ^ key.y;
  var state = counter + key;
  state = threefry_rounds_even(state) + vec2u(key.y, parity + 1u);
  state = threefry_rounds_odd(state) + vec2u(parity, key.x + 2u);
  state = threefry_rounds_even(state) + vec2u(key.x, key.y + 3u);
  state = threefry_rounds_odd(state) + vec2u(key.y, parity + 4u);
  return threefry_rounds_even(state) + vec2u(parity, key.x + 5u);
}
