// C is a multiple of 16: an invocation makes sixteen channels of a token, whose four counters go along together.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let parts = params.channels / 16u;
  let i = invocation_index(group, groups, local, 64u);
  if (i >= params.tokens * parts) { return; }
  let token = i / parts;
  let block = (i - token * parts) * 4u;
  let counters = (token_position[token] << 16u) + block;
  let bits = threefry2x32_four(
    vec2u(params.seed, params.stream),
    vec4u(token_sample[token]),
    vec4u(counters) + vec4u(0u, 1u, 2u, 3u));
  let factors = transpose(factors_of_bits(bits, params.threshold, params.keep_scale));
  let at = i * 4u;
  out[at] = dropped(x[at], factors[0]);
  out[at + 1u] = dropped(x[at + 1u], factors[1]);
  out[at + 2u] = dropped(x[at + 2u], factors[2]);
  out[at + 3u] = dropped(x[at + 3u], factors[3]);
}

// Not a product with zero: a dropped infinity is zero.
fn dropped(value: vec4f, factors: vec4f) -> vec4f {
  return select(value * factors, vec4f(0.0), factors == vec4f(0.0));
}
