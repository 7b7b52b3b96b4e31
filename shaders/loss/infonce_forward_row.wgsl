// The row form of infonce_forward_workgroup.wgsl: a lane does the whole row. The sizes of params count scores; those
// of the loops count elements.
@group(0) @binding(1) var<storage, read> positive_scores: array<f32>;
@group(0) @binding(2) var<storage, read> negative_scores: array<Element>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> row_weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> row_losses: array<f32>;
@group(0) @binding(7) var<storage, read_write> other_shares: array<f32>;
@group(0) @binding(8) var<storage, read_write> target_scores: array<f32>;

// The score, or the target's own where it does not count.
fn counted(score: Element, own: f32) -> Element {
  return select(score, Element(own), score > Element(own + params.margin));
}

fn mass_of(score: Element, own: f32, top: f32) -> Element {
  let mass = share_of((score - top) * params.inverse_temperature);
  return select(mass, Element(), score > Element(own + params.margin));
}

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= params.rows * params.slot_sets) {
    return;
  }
  let row = index / params.slot_sets;
  let k = index % params.slot_sets;
  let query = params.first_row + row;
  let queries = params.queries / ELEMENT_WIDTH;
  let negatives = params.negative_columns / ELEMENT_WIDTH;
  let slots_start = k * params.queries;
  let positives_start = row * params.queries * params.positives;
  let negatives_start = row * negatives;
  let own = positive_scores[positives_start + query * params.positives + slots[slots_start + query]];

  var largest = Element(own);
  for (var j = 0u; j < queries; j++) {
    largest = max(largest, counted(positive(positives_start, slots_start, j), own));
  }
  for (var at = negatives_start; at < negatives_start + negatives; at++) {
    largest = max(largest, counted(negative_scores[at], own));
  }
  let top = largest_of(largest);

  var mass = Element();
  for (var j = 0u; j < queries; j++) {
    let every = mass_of(positive(positives_start, slots_start, j), own, top);
    mass += select(every, Element(), index_of(j) == Index(query));
  }
  for (var at = negatives_start; at < negatives_start + negatives; at++) {
    mass += mass_of(negative_scores[at], own, top);
  }
  let others = sum_of(mass);
  let at = query * params.slot_sets + k;
  let lead = (top - own) * params.inverse_temperature;
  let loss = target_loss(lead, others);
  losses[at] = row_weights[query] * loss;
  row_losses[at] = loss;
  other_shares[at] = other_share(lead, others);
  target_scores[at] = own;
}
