// 6 x 8 results an invocation: twelve accumulators, two vectors of B and one element of A are what the sixteen vector
// registers of a CPU hold. A workgroup owns a panel of eight columns and 24 rows. The sum over k has the order of the
// other tiles, 0, 1, 2, ..., so that a row's result has the same bits on all of them.
@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 4u + lane) * 6u;
  if (row >= params.m) { return; }
  let last = params.m - 1u;
  let a0 = row * params.a_row;
  let a1 = min(row + 1u, last) * params.a_row;
  let a2 = min(row + 2u, last) * params.a_row;
  let a3 = min(row + 3u, last) * params.a_row;
  let a4 = min(row + 4u, last) * params.a_row;
  let a5 = min(row + 5u, last) * params.a_row;
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
  let panel = group.x * params.k * 2u;
  for (var k = 0u; k < params.k; k++) {
    let low = b[panel + k * 2u];
    let high = b[panel + k * 2u + 1u];
    let step = k * params.a_k;
    let x0 = vec4f(a[a0 + step]);
    low0 += x0 * low;
    high0 += x0 * high;
    let x1 = vec4f(a[a1 + step]);
    low1 += x1 * low;
    high1 += x1 * high;
    let x2 = vec4f(a[a2 + step]);
    low2 += x2 * low;
    high2 += x2 * high;
    let x3 = vec4f(a[a3 + step]);
    low3 += x3 * low;
    high3 += x3 * high;
    let x4 = vec4f(a[a4 + step]);
    low4 += x4 * low;
    high4 += x4 * high;
    let x5 = vec4f(a[a5 + step]);
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
