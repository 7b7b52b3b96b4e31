// out[i] = a_i . b_i for rows of `width`; one workgroup a row.
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

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
  var sum = 0.0;
  for (var column = lane; column < params.width; column += LANES) {
    sum += a[row * params.width + column] * b[row * params.width + column];
  }
  let product = reduce_sum(lane, sum);
  if (lane == 0u) {
    out[row] = product;
  }
}
