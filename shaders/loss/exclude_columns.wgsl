// Puts a score so low that it has no mass where a column does not count for a row: masked columns, and columns whose
// text is a known positive of the row's query. The `own_columns` columns of the row's own query are never touched. One
// workgroup a row. `columns` counts elements.
@group(0) @binding(1) var<storage, read> column_valid: array<Index>;
@group(0) @binding(2) var<storage, read> column_text: array<Index>;
@group(0) @binding(3) var<storage, read> known_starts: array<u32>;
@group(0) @binding(4) var<storage, read> known_texts: array<u32>;
@group(0) @binding(5) var<storage, read_write> scores: array<Element>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.rows) {
    return;
  }
  let query = params.first_row + row;
  let first_known = known_starts[query];
  let behind_known = known_starts[query + 1u];
  let first_own = Index(query * params.own_columns);
  let begin = row * params.columns;
  for (var column = lane; column < params.columns; column += LANES) {
    var excluded = column_valid[column] == Index();
    for (var at = first_known; at < behind_known; at++) {
      excluded = excluded | (column_text[column] == Index(known_texts[at]));
    }
    // Before the first one the difference wraps round.
    let others = index_of(column) - first_own >= Index(params.own_columns);
    scores[begin + column] = select(scores[begin + column], Element(-1e30), excluded & others);
  }
}
