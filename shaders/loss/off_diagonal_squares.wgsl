// The squares of a row's scores but the one on the diagonal, summed; the scores become `scale` times themselves, the
// one on the diagonal 0. One workgroup a row of a tile that begins at first_row. `columns` counts elements.
@group(0) @binding(1) var<storage, read_write> scores: array<Element>;
@group(0) @binding(2) var<storage, read_write> losses: array<f32>;

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
  let own = params.first_row + row;
  let begin = row * params.columns;
  var squares = Element();
  for (var column = lane; column < params.columns; column += LANES) {
    let score = select(scores[begin + column], Element(), index_of(column) == Index(own));
    squares += score * score;
    scores[begin + column] = score * params.scale;
  }
  let sum = reduce_sum(lane, sum_of(squares));
  if (lane == 0u) {
    losses[own] = sum;
  }
}
