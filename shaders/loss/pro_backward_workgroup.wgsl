// Gradient of PRO, one workgroup a column j: minus the share of the others in its own row, and its share in every row
// of a higher grade.
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> grades: array<f32>;
@group(0) @binding(3) var<storage, read> losses: array<f32>;
@group(0) @binding(4) var<storage, read> other_shares: array<f32>;
@group(0) @binding(5) var<storage, read> largest_gap: array<f32>;
@group(0) @binding(6) var<storage, read_write> d_similarity: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let j = group.x + group.y * groups.x;
  if (j >= params.rows) {
    return;
  }
  let z = similarity[j] * params.inverse_temperature;
  var slope = 0.0;
  for (var i = lane; i < params.rows; i += LANES) {
    let gap = grades[i] - grades[j];
    if (gap > 1e-8) {
      let own = similarity[i] * params.inverse_temperature * largest_gap[i];
      slope += exp((z * gap - own) - losses[i]) * gap;
    }
  }
  let others = reduce_sum(lane, slope);
  if (lane == 0u) {
    d_similarity[j] += params.scale * (others - other_shares[j] * largest_gap[j]);
  }
}
