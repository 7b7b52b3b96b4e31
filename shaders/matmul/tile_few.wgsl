// One row of results after the other, sixteen columns an invocation: for products of few rows, most of whose work it is
// to read B, as in a search of one query. B is read once from memory, and from the cache for all rows but the first.
// The sum over k has the order of the other tiles.
@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let column = (group.x * 4u + lane) * 16u;
  if (column >= params.n) { return; }
  let steps = params.k / 4u;
  for (var row = 0u; row < params.m; row++) {
    var sum0 = vec4f();
    var sum1 = vec4f();
    var sum2 = vec4f();
    var sum3 = vec4f();
    for (var k4 = 0u; k4 < steps; k4++) {
      let x = a[row * steps + k4];
      sum0 = add_steps(sum0, x, transpose(load_b(column, k4)));
      sum1 = add_steps(sum1, x, transpose(load_b(column + 4u, k4)));
      sum2 = add_steps(sum2, x, transpose(load_b(column + 8u, k4)));
      sum3 = add_steps(sum3, x, transpose(load_b(column + 12u, k4)));
    }
    store_line(row, column, sum0);
    store_line(row, column + 4u, sum1);
    store_line(row, column + 8u, sum2);
    store_line(row, column + 12u, sum3);
  }
}

fn add_steps(sum: vec4f, x: vec4f, b: mat4x4f) -> vec4f {
  return (((sum + x.x * b[0]) + x.y * b[1]) + x.z * b[2]) + x.w * b[3];
}
