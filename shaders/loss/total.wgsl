// value = scale * sum of the row losses; total += weight * value. One workgroup, fixed order.
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> value: array<f32>;
@group(0) @binding(3) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var row = lane; row < params.rows; row += LANES) {
    sum += losses[row];
  }
  let mean = reduce_sum(lane, sum) * params.scale;
  if (lane == 0u) {
    value[0] = mean;
    total[0] += params.weight * mean;
  }
}
