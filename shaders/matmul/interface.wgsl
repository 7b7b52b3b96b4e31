// What every matmul kernel binds: out[M, N] = alpha * A B (+ bias) (+ what out held). A and B are read in 4 x 4 blocks
// by load_a and load_b of the layout's file and written by store; the tile's file has main. The reduction runs over k =
// 0, 4, 8, ... in that order whatever M is, so that a row's result does not depend on the rows beside it.
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> out: array<Element>;
