// 6 x 8 results an invocation: twelve accumulators, two vectors of B and one element of A are what the sixteen vector
// registers of a CPU hold. A workgroup owns a panel of eight columns and 24 rows. Both operands are walked by an index
// of their own, which costs one addition a step; longer bodies make V8 spill registers. The sum over k has the order of
// the other tiles, 0, 1, 2, ..., so that a row's result has the same bits on all of them.
@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 4u + lane) * 6u;
  if (row >= params.m) { return; }
  var low0 = vec4f();
  var high0 = vec4f();
  var low1 = vec4f();
  var high1 = vec4f();
  var low2 = vec4f();
  var high2 = vec4f();
  var low3 = vec4f();
  var high3 = vec4f();
  var low4 = vec4f();
  var high4 = vec4f();
  var low5 = vec4f();
  var high5 = vec4f();
  let begin = row / 12u * params.k * 12u + row % 12u;
  let end = begin + params.k * 12u;
  var panel = group.x * params.k * 2u;
  for (var step = begin; step < end; step += 12u) {
    let low = b[panel];
    let high = b[panel + 1u];
    panel += 2u;
    let x0 = vec4f(a[step]);
    low0 += x0 * low;
    high0 += x0 * high;
    let x1 = vec4f(a[step + 1u]);
    low1 += x1 * low;
    high1 += x1 * high;
    let x2 = vec4f(a[step + 2u]);
    low2 += x2 * low;
    high2 += x2 * high;
    let x3 = vec4f(a[step + 3u]);
    low3 += x3 * low;
    high3 += x3 * high;
    let x4 = vec4f(a[step + 4u]);
    low4 += x4 * low;
    high4 += x4 * high;
    let x5 = vec4f(a[step + 5u]);
    low5 += x5 * low;
    high5 += x5 * high;
  }
  let column = group.x * 8u;
  store_line(row, column, low0);
  store_line(row, column + 4u, high0);
  store_line(row + 1u, column, low1);
  store_line(row + 1u, column + 4u, high1);
  store_line(row + 2u, column, low2);
  store_line(row + 2u, column + 4u, high2);
  store_line(row + 3u, column, low3);
  store_line(row + 3u, column + 4u, high3);
  store_line(row + 4u, column, low4);
  store_line(row + 4u, column + 4u, high4);
  store_line(row + 5u, column, low5);
  store_line(row + 5u, column + 4u, high5);
}
