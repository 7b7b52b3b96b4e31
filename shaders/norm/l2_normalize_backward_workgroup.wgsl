// dX = (dOut - out * <out, dOut>) / norm. Below 1e-12 the divisor is a constant: dX = dOut / 1e-12.
@group(0) @binding(1) var<storage, read> out: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read> d_out: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let row = workgroup_index(group, count) * ROWS + lane / ROW_LANES;
  let first = lane % ROW_LANES;
  let safe_row = min(row, params.rows - 1u);
  let base = safe_row * width;
  var product = 0.0;
  for (var c = first; c < width; c += ROW_LANES) {
    product += out[base + c] * d_out[base + c];
  }
  let along = row_sum(lane, product);
  if (row >= params.rows) { return; }
  let length = norm[safe_row];
  let clamped = length < 1e-12;
  let divisor = select(length, 1e-12, clamped);
  let removed = select(along, 0.0, clamped);
  for (var c = first; c < width; c += ROW_LANES) {
    d_x[base + c] = (d_out[base + c] - out[base + c] * removed) / divisor;
  }
}
