// dX of RMSNorm. With n = x * rstd and g = dOut * gamma: dX = rstd * (g - n * mean(g * n)).
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> d_out: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let row = workgroup_index(group, count) * ROWS + lane / ROW_LANES;
  let first = lane % ROW_LANES;
  let safe_row = min(row, params.rows - 1u);
  let base = safe_row * width;
  let row_rstd = rstd[safe_row];
  var along = 0.0;
  for (var c = first; c < width; c += ROW_LANES) {
    along += d_out[base + c] * gamma[c] * (x[base + c] * row_rstd);
  }
  let mean_gn = row_sum(lane, along) / f32(width);
  if (row >= params.rows) { return; }
  for (var c = first; c < width; c += ROW_LANES) {
    d_x[base + c] = row_rstd * (d_out[base + c] * gamma[c] - x[base + c] * row_rstd * mean_gn);
  }
}
