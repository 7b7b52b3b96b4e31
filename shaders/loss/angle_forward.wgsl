// similarity = |x . z + (b . c - a . d)| of rows x = [a; b] and z = [c; d], and the same with its sign; one workgroup a
// row. `half_width` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> z: array<Element>;
@group(0) @binding(3) var<storage, read_write> signed: array<f32>;
@group(0) @binding(4) var<storage, read_write> similarity: array<f32>;

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
  let first = 2u * row * params.half_width;
  let second = first + params.half_width;
  var real = Element();
  var imaginary = Element();
  for (var k = lane; k < params.half_width; k += LANES) {
    real += x[first + k] * z[first + k] + x[second + k] * z[second + k];
    imaginary += x[second + k] * z[first + k] - x[first + k] * z[second + k];
  }
  let sum = reduce_sum(lane, sum_of(real + imaginary));
  if (lane == 0u) {
    signed[row] = sum;
    similarity[row] = abs(sum);
  }
}
