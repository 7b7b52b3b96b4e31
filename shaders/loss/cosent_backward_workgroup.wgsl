// Gradient of CoSENT, one workgroup a pair i: its shares of the softmax beside every pair of a higher grade, less those
// of every pair of a lower grade beside it.
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> grades: array<f32>;
@group(0) @binding(3) var<storage, read> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_similarity: array<f32>;

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
  let own = similarity[i];
  let loss = losses[0];
  var slope = 0.0;
  for (var j = lane; j < params.rows; j += LANES) {
    let logit = (own - similarity[j]) * params.scale;
    if (grades[j] > grade) {
      slope += exp(logit - loss);
    }
    if (grades[j] < grade) {
      slope -= exp(-logit - loss);
    }
  }
  let sum = reduce_sum(lane, slope);
  if (lane == 0u) {
    d_similarity[i] += params.weight * sum;
  }
}
