// Writes a 4 x 4 block of results: column i of `block` holds row `row + i`, four columns from `column` on. N is a
// multiple of 4. Indices are constants and there is no loop: on software adapters those cost as much as a short
// reduction.
fn store(row: u32, column: u32, block: mat4x4f) {
  if (column >= params.n) { return; }
  var added = vec4f();
  if (params.has_bias != 0u) { added = bias[column / 4u]; }
  store_line(row, column, params.alpha * block[0] + added);
  store_line(row + 1u, column, params.alpha * block[1] + added);
  store_line(row + 2u, column, params.alpha * block[2] + added);
  store_line(row + 3u, column, params.alpha * block[3] + added);
}

fn store_line(row: u32, column: u32, line: vec4f) {
  if (row >= params.m) { return; }
  let at = (row * params.n + column) / 4u;
  var value = line;
  if (params.accumulate != 0u) { value += out[at]; }
  out[at] = value;
}
