// Puts a score so low that it has no mass where a guide's score of the same column is above its score of the row's own
// target, which stands in column `query` of `target_guide`. One workgroup a row of a tile that begins at first_row.
// `columns` counts elements, `target_columns` scores.
@group(0) @binding(1) var<storage, read> guide: array<Element>;
@group(0) @binding(2) var<storage, read> target_guide: array<f32>;
@group(0) @binding(3) var<storage, read_write> scores: array<Element>;

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
  let limit = Element(target_guide[row * params.target_columns + params.first_row + row]);
  let begin = row * params.columns;
  for (var column = lane; column < params.columns; column += LANES) {
    let at = begin + column;
    scores[at] = select(scores[at], Element(-1e30), guide[at] > limit);
  }
}
