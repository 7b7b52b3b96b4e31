// Writes a 4 x 4 block of results: column i of `block` holds row `row + i`, four columns from `column` on; any M and N.
fn store(row: u32, column: u32, block: mat4x4f) {
  var values = block;
  let count = min(4u, params.n - min(column, params.n));
  for (var i = 0u; i < 4u && row + i < params.m; i++) {
    let start = (row + i) * params.n + column;
    var line = params.alpha * values[i];
    for (var j = 0u; j < count; j++) {
      var value = line[j];
      if (params.has_bias != 0u) { value += bias[column + j]; }
      if (params.accumulate != 0u) { value += out[start + j]; }
      out[start + j] = value;
    }
  }
}
