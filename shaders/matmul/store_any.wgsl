// Writes results; any M and N.

// Column i of `block` holds row `row + i`, four columns from `column` on.
fn store(row: u32, column: u32, block: mat4x4f) {
  store_line(row, column, block[0]);
  store_line(row + 1u, column, block[1]);
  store_line(row + 2u, column, block[2]);
  store_line(row + 3u, column, block[3]);
}

fn store_line(row: u32, column: u32, sum: vec4f) {
  if (row >= params.m) { return; }
  let start = row * params.n + column;
  let line = params.alpha * sum;
  let count = min(4u, params.n - min(column, params.n));
  for (var j = 0u; j < count; j++) {
    var value = line[j];
    if (params.has_bias != 0u) { value += bias[column + j]; }
    if (params.accumulate != 0u) { value += out[start + j]; }
    out[start + j] = value;
  }
}
