// First stage of dGamma and dBeta: the sums over one chunk of rows. partial [chunks, 2, C]: dGamma's, then dBeta's.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> d_out: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let unit = workgroup_index(group, count);
  let chunk = unit / params.column_groups;
  let width = params.width;
  let c = unit % params.column_groups * 64u + lane;
  let begin = chunk * params.chunk;
  let end = min(begin + params.chunk, params.rows);
  if (c >= width || begin >= end) { return; }
  var d_gamma = 0.0;
  var d_beta = 0.0;
  for (var row = begin; row < end; row++) {
    let g = d_out[row * width + c];
    d_gamma += g * ((x[row * width + c] - mean[row]) * rstd[row]);
    d_beta += g;
  }
  partial[chunk * 2u * width + c] = d_gamma;
  partial[(chunk * 2u + 1u) * width + c] = d_beta;
}
