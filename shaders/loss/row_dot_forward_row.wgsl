// The row form of row_dot_forward_workgroup.wgsl. `width` counts elements.
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn term(begin: u32, c: u32) -> Element {
  return a[begin + c] * b[begin + c];
}

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = group.x + group.y * groups.x;
  if (row >= params.rows) {
    return;
  }
  out[row] = sum_of_row(row * params.width, params.width);
}
