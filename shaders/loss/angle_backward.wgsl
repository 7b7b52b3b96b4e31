// Gradient of angle_forward.wgsl with respect to both rows, with no slope where the sum is 0. `half_width` counts
// elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> z: array<Element>;
@group(0) @binding(3) var<storage, read> signed: array<f32>;
@group(0) @binding(4) var<storage, read> d_similarity: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_x: array<Element>;
@group(0) @binding(6) var<storage, read_write> d_z: array<Element>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.rows) {
    return;
  }
  let above = d_similarity[row];
  let slope = select(select(0.0, above, signed[row] > 0.0), -above, signed[row] < 0.0);
  let first = 2u * row * params.half_width;
  let second = first + params.half_width;
  for (var k = lane; k < params.half_width; k += LANES) {
    let a = x[first + k];
    let b = x[second + k];
    let c = z[first + k];
    let d = z[second + k];
    d_x[first + k] = slope * (c - d);
    d_x[second + k] = slope * (c + d);
    d_z[first + k] = slope * (a + b);
    d_z[second + k] = slope * (b - a);
  }
}
