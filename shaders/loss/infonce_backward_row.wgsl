// The row form of infonce_backward_workgroup.wgsl: a lane owns a row of scores. `columns` counts elements. An element
// of four needs columns that all take part in every slot set: negatives, or the only positive of each query.
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> row_weights: array<f32>;
@group(0) @binding(3) var<storage, read> row_losses: array<f32>;
@group(0) @binding(4) var<storage, read> other_shares: array<f32>;
@group(0) @binding(5) var<storage, read> target_scores: array<f32>;
@group(0) @binding(6) var<storage, read_write> scores: array<Element>;

fn takes_part(k: u32, column: u32) -> bool {
  if (ELEMENT_WIDTH > 1u || params.positives == 0u) { return true; }
  let j = column / params.positives;
  return slots[k * params.queries + j] == column - j * params.positives;
}

fn slope_of(score: Element, column: u32, query: u32, k: u32) -> Element {
  if (!takes_part(k, column)) { return Element(); }
  let at = query * params.slot_sets + k;
  let own = target_scores[at];
  let share = share_of((score - own) * params.inverse_temperature - row_losses[at]);
  let others = select(share, Element(), score > Element(own + params.margin));
  if (params.positives == 0u) { return others; }
  let target_column = query * params.positives + slots[k * params.queries + query];
  return select(others, Element(-other_shares[at]), index_of(column) == Index(target_column));
}

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = group.x + group.y * groups.x;
  if (row >= params.rows) {
    return;
  }
  let query = params.first_row + row;
  let begin = row * params.columns;
  let weight = row_weights[query];
  for (var column = 0u; column < params.columns; column++) {
    let score = scores[begin + column];
    // The first slot set stands apart: what is the same for the whole row is then read once.
    var slope = slope_of(score, column, query, 0u);
    for (var k = 1u; k < params.slot_sets; k++) {
      slope += slope_of(score, column, query, k);
    }
    scores[begin + column] = slope * weight * params.scale * params.inverse_temperature;
  }
}
