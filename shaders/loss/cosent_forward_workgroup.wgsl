// CoSENT, one workgroup a row i: the largest of scale * (s_i - s_j) over every j of a higher grade, and the sum of the
// exponentials of the others less it. A row without a higher grade has a mass of 0 and a largest of 0.
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> grades: array<f32>;
@group(0) @binding(3) var<storage, read_write> largest: array<f32>;
@group(0) @binding(4) var<storage, read_write> masses: array<f32>;

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
  var highest = LOWEST;
  for (var j = lane; j < params.rows; j += LANES) {
    if (grades[j] > grade) {
      highest = max(highest, (own - similarity[j]) * params.scale);
    }
  }
  let top = reduce_max(lane, highest);
  var mass = 0.0;
  for (var j = lane; j < params.rows; j += LANES) {
    if (grades[j] > grade) {
      mass += exp((own - similarity[j]) * params.scale - top);
    }
  }
  let total = reduce_sum(lane, mass);
  if (lane == 0u) {
    largest[i] = select(0.0, top, total > 0.0);
    masses[i] = total;
  }
}
