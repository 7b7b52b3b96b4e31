// The row form of cosent_backward_workgroup.wgsl: a lane does all of a pair. `rows` counts pairs, the loop elements.
@group(0) @binding(1) var<storage, read> similarity: array<Element>;
@group(0) @binding(2) var<storage, read> grades: array<Element>;
@group(0) @binding(3) var<storage, read> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_similarity: array<f32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = group.x + group.y * groups.x;
  if (i >= params.rows) {
    return;
  }
  let grade = Element(number(grades[i / ELEMENT_WIDTH], i));
  let own = number(similarity[i / ELEMENT_WIDTH], i);
  let loss = losses[0];
  var slope = Element();
  for (var j = 0u; j < params.rows / ELEMENT_WIDTH; j++) {
    let logit = (own - similarity[j]) * params.scale;
    let above = share_of(select(Element(-87.0), logit - loss, grades[j] > grade));
    let below = share_of(select(Element(-87.0), -logit - loss, grades[j] < grade));
    slope += above - below;
  }
  d_similarity[i] += params.weight * sum_of(slope);
}
