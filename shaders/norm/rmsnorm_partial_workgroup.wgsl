// First stage of RMSNorm's dGamma: the sums over one chunk of rows. partial [chunks, C].
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rstd: array<f32>;
@group(0) @binding(3) var<storage, read> d_out: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

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
  for (var row = begin; row < end; row++) {
    d_gamma += d_out[row * width + c] * (x[row * width + c] * rstd[row]);
  }
  partial[chunk * width + c] = d_gamma;
}
