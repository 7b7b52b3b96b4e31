// RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467): out = x * rstd * gamma, rstd = 1 / sqrt(mean(x^2) + epsilon).
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let row = workgroup_index(group, count) * ROWS + lane / ROW_LANES;
  let first = lane % ROW_LANES;
  // Rows past the end go along on the last row, because every lane must reach the barriers.
  let base = min(row, params.rows - 1u) * width;
  var squares = 0.0;
  for (var c = first; c < width; c += ROW_LANES) {
    squares += x[base + c] * x[base + c];
  }
  let row_rstd = 1.0 / sqrt(row_sum(lane, squares) / f32(width) + params.epsilon);
  if (row >= params.rows) { return; }
  for (var c = first; c < width; c += ROW_LANES) {
    out[base + c] = x[base + c] * row_rstd * gamma[c];
  }
  if (first == 0u) { rstd[row] = row_rstd; }
}
