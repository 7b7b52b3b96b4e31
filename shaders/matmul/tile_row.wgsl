// 16 x 16 results an invocation, kept in registers; no workgroup memory. For adapters that run on the CPU, whose vector
// lanes are the invocations: a lane loads its operands one by one, so each is used sixteen times; products of 4 x 4
// blocks chain four multiply-adds per accumulator, so that an accumulator is loaded and stored once for four of them.
struct Line { c0: mat4x4f, c1: mat4x4f, c2: mat4x4f, c3: mat4x4f }

fn add_products(sum: ptr<function, Line>, a: mat4x4f, b: Line) {
  (*sum).c0 += b.c0 * a;
  (*sum).c1 += b.c1 * a;
  (*sum).c2 += b.c2 * a;
  (*sum).c3 += b.c3 * a;
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * 16u;
  let column = (group.x * 4u + lane) * 16u;
  if (column >= params.n) { return; }
  var sum0 = Line();
  var sum1 = Line();
  var sum2 = Line();
  var sum3 = Line();
  let steps = (params.k + 3u) / 4u;
  for (var k4 = 0u; k4 < steps; k4++) {
    let b = Line(
      transpose(load_b(column, k4)), transpose(load_b(column + 4u, k4)),
      transpose(load_b(column + 8u, k4)), transpose(load_b(column + 12u, k4)));
    add_products(&sum0, load_a(row, k4), b);
    add_products(&sum1, load_a(row + 4u, k4), b);
    add_products(&sum2, load_a(row + 8u, k4), b);
    add_products(&sum3, load_a(row + 12u, k4), b);
  }
  // One copy of store's code for the sixteen blocks: compiling is dear on these adapters.
  for (var i = 0u; i < 16u; i++) {
    var line = sum0;
    if (i / 4u == 1u) { line = sum1; }
    if (i / 4u == 2u) { line = sum2; }
    if (i / 4u == 3u) { line = sum3; }
    var block = line.c0;
    if (i % 4u == 1u) { block = line.c1; }
    if (i % 4u == 2u) { block = line.c2; }
    if (i % 4u == 3u) { block = line.c3; }
    store(row + (i / 4u) * 4u, column + (i % 4u) * 4u, block);
  }
}
