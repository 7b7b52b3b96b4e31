// What the backward kernels need of a query row, once per token and head, as bits: logSumExp; <dOut, out>, which is
// sum_j p_j dp_j with or without dropout (Dao et al. 2022); the row's dropout key (two words, 0 without dropout).
@group(0) @binding(1) var<storage, read> out: array<vec4f>;
@group(0) @binding(2) var<storage, read> d_out: array<vec4f>;
@group(0) @binding(3) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(4) var<storage, read> sample_of_token: array<u32>;
@group(0) @binding(5) var<storage, read_write> rows: array<vec4u>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, count) * 64u + lane;
  if (i >= params.tokens * params.heads) { return; }
  var delta = 0.0;
  for (var c = 0u; c < params.quads; c++) {
    // In the order of dp's sum, so that their difference is exactly zero where a token sees one key.
    let products = out[i * params.quads + c] * d_out[i * params.quads + c];
    delta = (((delta + products.x) + products.y) + products.z) + products.w;
  }
  var key = vec2u(0u);
  if (DROPOUT) {
    key = threefry2x32(vec2u(params.seed, params.stream), vec2u(sample_of_token[i / params.heads], i % params.heads));
  }
  rows[i] = vec4u(bitcast<u32>(log_sum_exp[i]), bitcast<u32>(delta), key);
}
