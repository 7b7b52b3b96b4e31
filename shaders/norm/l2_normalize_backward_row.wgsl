// The row form of l2_normalize_backward_workgroup.wgsl: a lane owns a row. `width` counts elements.
@group(0) @binding(1) var<storage, read> out: array<Element>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read> d_out: array<Element>;
@group(0) @binding(4) var<storage, read_write> d_x: array<Element>;

fn term(begin: u32, c: u32) -> Element {
  return out[begin + c] * d_out[begin + c];
}

fn write(at: u32, removed: f32, divisor: f32) {
  d_x[at] = (d_out[at] - out[at] * removed) / divisor;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, count) * 64u + lane;
  if (row >= params.rows) { return; }
  let width = params.width;
  let begin = row * width;
  let fours = width / 4u * 4u;
  let along = sum_of_row(begin, width);
  let length = norm[row];
  let clamped = length < 1e-12;
  let divisor = select(length, 1e-12, clamped);
  let removed = select(along, 0.0, clamped);
  for (var c = 0u; c < fours; c += 4u) {
    write(begin + c, removed, divisor);
    write(begin + c + 1u, removed, divisor);
    write(begin + c + 2u, removed, divisor);
    write(begin + c + 3u, removed, divisor);
  }
  for (var c = fours; c < width; c++) { write(begin + c, removed, divisor); }
}
