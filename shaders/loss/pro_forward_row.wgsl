// The row form of pro_forward_workgroup.wgsl: a lane does the whole row. `rows` counts texts, the loops count elements.
@group(0) @binding(1) var<storage, read> similarity: array<Element>;
@group(0) @binding(2) var<storage, read> grades: array<Element>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> other_shares: array<f32>;
@group(0) @binding(5) var<storage, read_write> largest_gap: array<f32>;

const LOWEST: f32 = -3.4028234e38;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = group.x + group.y * groups.x;
  if (i >= params.rows) {
    return;
  }
  let grade = number(grades[i / ELEMENT_WIDTH], i);
  let count = params.rows / ELEMENT_WIDTH;
  let least = Element(1e-8);
  var widest = Element();
  var largest = Element(LOWEST);
  for (var j = 0u; j < count; j++) {
    let gap = grade - grades[j];
    let logit = similarity[j] * params.inverse_temperature * gap;
    widest = max(widest, select(Element(), gap, gap > least));
    largest = max(largest, select(Element(LOWEST), logit, gap > least));
  }
  let own_gap = largest_of(widest);
  let own = number(similarity[i / ELEMENT_WIDTH], i) * params.inverse_temperature * own_gap;
  let top = max(own, largest_of(largest));
  var mass = Element();
  for (var j = 0u; j < count; j++) {
    let gap = grade - grades[j];
    let logit = similarity[j] * params.inverse_temperature * gap;
    mass += share_of(select(Element(-87.0), logit - top, gap > least));
  }
  let others = sum_of(mass);
  other_shares[i] = other_share(top - own, others);
  largest_gap[i] = own_gap;
  losses[i] = select(0.0, target_loss(top - own, others), own_gap > 0.0);
}
