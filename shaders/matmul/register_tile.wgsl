// 8 x 8 results an invocation, kept in registers; no workgroup memory. For adapters that run on the CPU, whose vector
// lanes are the invocations: products of 4 x 4 blocks chain four multiply-adds per accumulator, so that an accumulator is
// loaded and stored once for four of them.
@compute @workgroup_size(2, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.y * 8u;
  let column = id.x * 8u;
  if (row >= params.m || column >= params.n) { return; }
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  let steps = (params.k + 3u) / 4u;
  for (var k4 = 0u; k4 < steps; k4++) {
    let a0 = load_a(row, k4);
    let a1 = load_a(row + 4u, k4);
    let b0 = transpose(load_b(column, k4));
    let b1 = transpose(load_b(column + 4u, k4));
    sum00 += b0 * a0;
    sum01 += b1 * a0;
    sum10 += b0 * a1;
    sum11 += b1 * a1;
  }
  // One copy of store's code for the four blocks: compiling is dear on these adapters.
  for (var i = 0u; i < 4u; i++) {
    var block = sum00;
    if (i == 1u) { block = sum01; }
    if (i == 2u) { block = sum10; }
    if (i == 3u) { block = sum11; }
    store(row + (i / 2u) * 4u, column + (i % 2u) * 4u, block);
  }
}
