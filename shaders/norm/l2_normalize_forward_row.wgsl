// The row form of l2_normalize_forward_workgroup.wgsl: a lane owns a row. `width` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read_write> out: array<Element>;
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;

fn term(begin: u32, c: u32) -> Element {
  return x[begin + c] * x[begin + c];
}

fn write(at: u32, divisor: f32) {
  out[at] = x[at] / divisor;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, count) * 64u + lane;
  if (row >= params.rows) { return; }
  let width = params.width;
  let begin = row * width;
  let fours = width / 4u * 4u;
  let length = sqrt(sum_of_row(begin, width));
  // A NaN must stay one; max() may drop it.
  let divisor = select(length, 1e-12, length < 1e-12);
  for (var c = 0u; c < fours; c += 4u) {
    write(begin + c, divisor);
    write(begin + c + 1u, divisor);
    write(begin + c + 2u, divisor);
    write(begin + c + 3u, divisor);
  }
  for (var c = fours; c < width; c++) { write(begin + c, divisor); }
  norm[row] = length;
}
