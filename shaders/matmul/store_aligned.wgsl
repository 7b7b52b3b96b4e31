// Finishes results and puts them away (put_*.wgsl); N is a multiple of 4. Indices are constants and there is no
// loop: on software adapters those cost as much as a short reduction.

// Column i of `block` holds row `row + i`, four columns from `column` on.
fn store(row: u32, column: u32, block: mat4x4f) {
  store_line(row, column, block[0]);
  store_line(row + 1u, column, block[1]);
  store_line(row + 2u, column, block[2]);
  store_line(row + 3u, column, block[3]);
}

fn store_line(row: u32, column: u32, sum: vec4f) {
  if (row >= params.m || column >= params.n) { return; }
  var value = params.alpha * sum;
  if (params.has_bias != 0u) { value += bias[column / 4u]; }
  let at = (row * params.n + column) / 4u;
  if (params.accumulate != 0u) { value += out[at]; }
  put(at, value);
}
