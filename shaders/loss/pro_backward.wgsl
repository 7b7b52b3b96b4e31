// Gradient of PRO, one workgroup a column j: its own row's share and its share in every row of a higher grade.
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> grades: array<f32>;
@group(0) @binding(3) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(4) var<storage, read> largest_gap: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_similarity: array<f32>;

@compute @workgroup_size(64)
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
      slope += exp(z * gap - log_sum_exp[i]) * gap;
    }
  }
  let others = reduce_sum(lane, slope);
  if (lane == 0u) {
    let own_gap = largest_gap[j];
    let own = (exp(z * own_gap - log_sum_exp[j]) - 1.0) * own_gap;
    d_similarity[j] += params.scale * (others + own);
  }
}
