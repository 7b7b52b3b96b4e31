// The row form of pro_backward_workgroup.wgsl: a lane does the whole column. `rows` counts texts, the loop elements.
@group(0) @binding(1) var<storage, read> similarity: array<Element>;
@group(0) @binding(2) var<storage, read> grades: array<Element>;
@group(0) @binding(3) var<storage, read> losses: array<Element>;
@group(0) @binding(4) var<storage, read> other_shares: array<f32>;
@group(0) @binding(5) var<storage, read> largest_gap: array<Element>;
@group(0) @binding(6) var<storage, read_write> d_similarity: array<f32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let j = group.x + group.y * groups.x;
  if (j >= params.rows) {
    return;
  }
  let place = j / ELEMENT_WIDTH;
  let grade = number(grades[place], j);
  let z = number(similarity[place], j) * params.inverse_temperature;
  var slope = Element();
  for (var i = 0u; i < params.rows / ELEMENT_WIDTH; i++) {
    let gap = grades[i] - grade;
    let own = similarity[i] * params.inverse_temperature * largest_gap[i];
    let share = share_of(select(Element(-87.0), (z * gap - own) - losses[i], gap > Element(1e-8)));
    slope += share * gap;
  }
  let lost = other_shares[j] * number(largest_gap[place], j);
  d_similarity[j] += params.scale * (sum_of(slope) - lost);
}
