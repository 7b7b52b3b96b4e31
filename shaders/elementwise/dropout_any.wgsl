// Any C: an invocation makes up to four channels of a token, one by one.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let blocks = (params.channels + 3u) / 4u;
  let first = workgroup_index(group, groups) * 256u + local;
  for (var i = first; i < min(first + 256u, params.tokens * blocks); i += 64u) {
    let token = i / blocks;
    let block = i - token * blocks;
    let factors = factors_of(token, block);
    let start = token * params.channels + block * 4u;
    for (var j = 0u; j < min(4u, params.channels - block * 4u); j++) {
      out[start + j] = select(x[start + j] * factors[j], 0.0, factors[j] == 0.0);
    }
  }
}

// Factors of the four channels of a block of a token: 0 or keep_scale.
fn factors_of(token: u32, block: u32) -> vec4f {
  let counter = vec2u(token_sample[token], (token_position[token] << 16u) | block);
  let bits = threefry2x32(vec2u(params.seed, params.stream), counter);
  let random = vec4u(bits.x & 0xffffu, bits.x >> 16u, bits.y & 0xffffu, bits.y >> 16u);
  return select(vec4f(params.keep_scale), vec4f(0.0), random < vec4u(params.threshold));
}
