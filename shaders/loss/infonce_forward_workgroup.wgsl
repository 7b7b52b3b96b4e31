// InfoNCE, one workgroup for each (row, slot k): cross entropy of the query's own positive among every query's positive
// of that slot (column j * P + slots[k, j]) and all negatives. The target's own mass stays apart, or a nearly solved
// row would lose the others beside it. Keeps for the backward the loss without its weight, the share of the other
// columns and the target's cosine.
@group(0) @binding(1) var<storage, read> positive_scores: array<f32>;
@group(0) @binding(2) var<storage, read> negative_scores: array<f32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> row_weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> row_losses: array<f32>;
@group(0) @binding(7) var<storage, read_write> other_shares: array<f32>;
@group(0) @binding(8) var<storage, read_write> target_scores: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.x + group.y * groups.x;
  if (index >= params.rows * params.slot_sets) {
    return;
  }
  let row = index / params.slot_sets;
  let k = index % params.slot_sets;
  let query = params.first_row + row;
  let slots_start = k * params.queries;
  let positives_start = row * params.queries * params.positives;
  let negatives_start = row * params.negative_columns;
  let own = positive_scores[positives_start + query * params.positives + slots[slots_start + query]];
  let limit = own + params.margin;

  var largest = own;
  for (var j = lane; j < params.queries; j += LANES) {
    let score = positive_scores[positives_start + j * params.positives + slots[slots_start + j]];
    if (!(score > limit)) {
      largest = max(largest, score);
    }
  }
  for (var column = lane; column < params.negative_columns; column += LANES) {
    let score = negative_scores[negatives_start + column];
    if (!(score > limit)) {
      largest = max(largest, score);
    }
  }
  let top = reduce_max(lane, largest);

  var mass = 0.0;
  for (var j = lane; j < params.queries; j += LANES) {
    let score = positive_scores[positives_start + j * params.positives + slots[slots_start + j]];
    if (j != query && !(score > limit)) {
      mass += exp((score - top) * params.inverse_temperature);
    }
  }
  for (var column = lane; column < params.negative_columns; column += LANES) {
    let score = negative_scores[negatives_start + column];
    if (!(score > limit)) {
      mass += exp((score - top) * params.inverse_temperature);
    }
  }
  let others = reduce_sum(lane, mass);
  if (lane == 0u) {
    let at = query * params.slot_sets + k;
    let lead = (top - own) * params.inverse_temperature;
    let loss = target_loss(lead, others);
    losses[at] = row_weights[query] * loss;
    row_losses[at] = loss;
    other_shares[at] = other_share(lead, others);
    target_scores[at] = own;
  }
}
