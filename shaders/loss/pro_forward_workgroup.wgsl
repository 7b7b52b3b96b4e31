// PRO, one workgroup a row i: -log softmax of z_i * g_i among itself and z_j * (y_i - y_j) for every j of a lower
// grade, z = s / temperature, g_i the largest gap. The row's own mass stays apart, or a nearly solved row would lose
// the others beside it. Keeps the share of the others and g_i (0 = the row has no lower grade) for the backward.
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> grades: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> other_shares: array<f32>;
@group(0) @binding(5) var<storage, read_write> largest_gap: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = group.x + group.y * groups.x;
  if (i >= params.rows) {
    return;
  }
  let grade = grades[i];
  var widest = 0.0;
  var largest = LOWEST;
  for (var j = lane; j < params.rows; j += LANES) {
    let gap = grade - grades[j];
    if (gap > 1e-8) {
      widest = max(widest, gap);
      largest = max(largest, similarity[j] * params.inverse_temperature * gap);
    }
  }
  let own_gap = reduce_max(lane, widest);
  let own = similarity[i] * params.inverse_temperature * own_gap;
  let top = max(own, reduce_max(lane, largest));
  var mass = 0.0;
  for (var j = lane; j < params.rows; j += LANES) {
    let gap = grade - grades[j];
    if (gap > 1e-8) {
      mass += exp(similarity[j] * params.inverse_temperature * gap - top);
    }
  }
  let others = reduce_sum(lane, mass);
  if (lane == 0u) {
    other_shares[i] = other_share(top - own, others);
    largest_gap[i] = own_gap;
    losses[i] = select(0.0, target_loss(top - own, others), own_gap > 0.0);
  }
}
