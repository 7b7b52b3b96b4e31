// out = x / max(||x||, 1e-12), as torch's F.normalize; the true length is kept for the way back.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let row = workgroup_index(group, count) * ROWS + lane / ROW_LANES;
  let first = lane % ROW_LANES;
  let base = min(row, params.rows - 1u) * width;
  var squares = 0.0;
  for (var c = first; c < width; c += ROW_LANES) {
    squares += x[base + c] * x[base + c];
  }
  let length = sqrt(row_sum(lane, squares));
  if (row >= params.rows) { return; }
  // A NaN must stay one; max() may drop it.
  let divisor = select(length, 1e-12, length < 1e-12);
  for (var c = first; c < width; c += ROW_LANES) {
    out[base + c] = x[base + c] / divisor;
  }
  if (first == 0u) { norm[row] = length; }
}
