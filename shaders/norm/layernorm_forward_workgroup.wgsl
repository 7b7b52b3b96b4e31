// LayerNorm (Ba et al. 2016): out = (x - mean) * rstd * gamma + beta, population variance around the mean (two passes:
// the difference of squares loses every digit where |mean| is large). Header: const BETA: bool, without it there is no
// beta.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let row = workgroup_index(group, count) * ROWS + lane / ROW_LANES;
  let first = lane % ROW_LANES;
  // Rows past the end go along on the last row, because every lane must reach the barriers.
  let base = min(row, params.rows - 1u) * width;
  var sum = 0.0;
  for (var c = first; c < width; c += ROW_LANES) {
    sum += x[base + c];
  }
  let row_mean = row_sum(lane, sum) / f32(width);
  var squares = 0.0;
  for (var c = first; c < width; c += ROW_LANES) {
    let d = x[base + c] - row_mean;
    squares += d * d;
  }
  let row_rstd = 1.0 / sqrt(row_sum(lane, squares) / f32(width) + params.epsilon);
  if (row >= params.rows) { return; }
  for (var c = first; c < width; c += ROW_LANES) {
    let scaled = (x[base + c] - row_mean) * row_rstd * gamma[c];
    if (BETA) { out[base + c] = scaled + beta[c]; } else { out[base + c] = scaled; }
  }
  if (first == 0u) {
    mean[row] = row_mean;
    rstd[row] = row_rstd;
  }
}
