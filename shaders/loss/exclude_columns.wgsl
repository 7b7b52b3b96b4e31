// Puts a score so low that it has no mass where a column does not count for a row: masked columns, and columns whose
// text is a known positive of the row's query. The `own_columns` columns of the row's own query are never touched.
@group(0) @binding(1) var<storage, read> column_valid: array<u32>;
@group(0) @binding(2) var<storage, read> column_text: array<u32>;
@group(0) @binding(3) var<storage, read> known_starts: array<u32>;
@group(0) @binding(4) var<storage, read> known_texts: array<u32>;
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;

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
  if (column >= query * params.own_columns && column < (query + 1u) * params.own_columns) {
    return;
  }
  var excluded = column_valid[column] == 0u;
  for (var at = known_starts[query]; at < known_starts[query + 1u]; at++) {
    excluded = excluded || known_texts[at] == column_text[column];
  }
  if (excluded) {
    scores[index] = -1e30;
  }
}
