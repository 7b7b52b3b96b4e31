// Inverted dropout on [T, C]. Threefry-2x32 under the key (seed, stream) and the counter (sample, position * 65536 + channel / 4)
// gives 4 x 16 random bits: those of four consecutive channels. A value is dropped where its bits are below `threshold` =
// round(rate * 65536), else scaled by `keep_scale` = 1 / (1 - rate). An invocation makes four channels of a token.
struct Params {
  tokens: u32,
  channels: u32,
  seed: u32,
  stream: u32,
  threshold: u32,
  keep_scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> token_sample: array<u32>;
@group(0) @binding(3) var<storage, read> token_position: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let blocks = (params.channels + 3u) / 4u;
  let index = invocation_index(group, groups, local, 64u);
  let token = index / blocks;
  if (token >= params.tokens) { return; }
  let block = index % blocks;
  let counter = vec2u(token_sample[token], (token_position[token] << 16u) | block);
  let bits = threefry2x32(vec2u(params.seed, params.stream), counter);
  let random = vec4u(bits.x & 0xffffu, bits.x >> 16u, bits.y & 0xffffu, bits.y >> 16u);
  let factors = select(vec4f(params.keep_scale), vec4f(0.0), random < vec4u(params.threshold));
  let start = token * params.channels + block * 4u;
  let count = min(4u, params.channels - block * 4u);
  for (var i = 0u; i < count; i++) {
    // Not a product with zero: a dropped infinity is zero.
    out[start + i] = select(x[start + i] * factors[i], 0.0, factors[i] == 0.0);
  }
}
