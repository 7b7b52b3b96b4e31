// What every matmul kernel binds: out[M, N] = alpha * A B (+ bias) (+ what out held). A and B are read in 4 x 4 blocks by
// load_a and load_b of the layout's file; the tile's file has main. The reduction runs over k = 0, 4, 8, ... in that order
// whatever M is, so that a row's result does not depend on the rows beside it.
struct Params {
  m: u32,            // rows of out
  n: u32,            // columns of out
  k: u32,            // length of the reduction
  alpha: f32,
  has_bias: u32,
  accumulate: u32,
  // Elements from one index to the next; used by the layout for sizes that are no multiples of 4.
  a_row: u32,
  a_k: u32,
  b_column: u32,
  b_k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// Writes a 4 x 4 block of results: column i of `block` holds row `row + i`, four columns from `column` on.
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
