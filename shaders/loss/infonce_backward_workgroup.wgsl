// Turns the scores of one tile of rows into their gradient, in place; one lane a score. With `positives` = 0 the
// columns are negatives, which take part in every slot; else column j * P + p takes part where slots[k, j] = p. The
// slope of the target is minus the share of the others: its own share less 1 would lose it where the row is nearly
// solved.
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> row_weights: array<f32>;
@group(0) @binding(3) var<storage, read> row_losses: array<f32>;
@group(0) @binding(4) var<storage, read> other_shares: array<f32>;
@group(0) @binding(5) var<storage, read> target_scores: array<f32>;
@group(0) @binding(6) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + lane;
  if (index >= params.rows * params.columns) {
    return;
  }
  let query = params.first_row + index / params.columns;
  let column = index % params.columns;
  let score = scores[index];
  var slope = 0.0;
  for (var k = 0u; k < params.slot_sets; k++) {
    var is_target = false;
    if (params.positives > 0u) {
      let j = column / params.positives;
      if (slots[k * params.queries + j] != column % params.positives) {
        continue;
      }
      is_target = j == query;
    }
    let at = query * params.slot_sets + k;
    let own = target_scores[at];
    if (is_target) {
      slope -= other_shares[at];
    } else if (!(score > own + params.margin)) {
      slope += exp((score - own) * params.inverse_temperature - row_losses[at]);
    }
  }
  scores[index] = slope * row_weights[query] * params.scale * params.inverse_temperature;
}
