// What every matmul kernel binds: out[M, N] = alpha * A B (+ bias) (+ what out held). A and B are read in 4 x 4 blocks by
// load_a and load_b of the layout's file and written by store; the tile's file has main. The reduction runs over k = 0, 4, 8, ... in that order
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
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> out: array<Element>;
