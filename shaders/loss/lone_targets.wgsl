// Counts the rows of a tile, in each slot set, whose target is the only column left: every other one is excluded or
// above the margin. One lane a row, before the scores become gradients. Integer atomics, so no order matters.
@group(0) @binding(1) var<storage, read> positive_scores: array<f32>;
@group(0) @binding(2) var<storage, read> negative_scores: array<f32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> target_scores: array<f32>;
@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

// Excluded columns have -1e30, cosines are not below -1.
fn is_counted(score: f32, own: f32) -> bool {
  return score > -1e29 && !(score > own + params.margin);
}

fn has_candidate(row: u32, k: u32) -> bool {
  let query = params.first_row + row;
  let own = target_scores[query * params.slot_sets + k];
  for (var j = 0u; j < params.queries; j++) {
    let column = j * params.positives + slots[k * params.queries + j];
    if (j != query && is_counted(positive_scores[row * params.queries * params.positives + column], own)) {
      return true;
    }
  }
  for (var column = 0u; column < params.negative_columns; column++) {
    if (is_counted(negative_scores[row * params.negative_columns + column], own)) {
      return true;
    }
  }
  return false;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = invocation_index(group, groups, lane, 64u);
  if (row >= params.rows) {
    return;
  }
  for (var k = 0u; k < params.slot_sets; k++) {
    if (!has_candidate(row, k)) {
      atomicAdd(&counts[0], 1u);
    }
  }
}
