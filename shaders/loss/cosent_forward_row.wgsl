// The row form of cosent_forward_workgroup.wgsl: a lane does the whole row. `rows` counts pairs, the loops elements.
@group(0) @binding(1) var<storage, read> similarity: array<Element>;
@group(0) @binding(2) var<storage, read> grades: array<Element>;
@group(0) @binding(3) var<storage, read_write> largest: array<f32>;
@group(0) @binding(4) var<storage, read_write> masses: array<f32>;

const LOWEST: f32 = -3.4028234e38;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = group.x + group.y * groups.x;
  if (i >= params.rows) {
    return;
  }
  let grade = Element(number(grades[i / ELEMENT_WIDTH], i));
  let own = number(similarity[i / ELEMENT_WIDTH], i);
  let count = params.rows / ELEMENT_WIDTH;
  var highest = Element(LOWEST);
  for (var j = 0u; j < count; j++) {
    let logit = (own - similarity[j]) * params.scale;
    highest = max(highest, select(Element(LOWEST), logit, grades[j] > grade));
  }
  let top = largest_of(highest);
  var mass = Element();
  for (var j = 0u; j < count; j++) {
    let logit = (own - similarity[j]) * params.scale;
    mass += share_of(select(Element(-87.0), logit - top, grades[j] > grade));
  }
  let total = sum_of(mass);
  largest[i] = select(0.0, top, total > 0.0);
  masses[i] = total;
}
