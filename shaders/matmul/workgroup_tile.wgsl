// 64 x 64 results a workgroup, 8 x 8 an invocation; blocks of A and B pass through workgroup memory, 16 steps of k at a
// time. For GPUs. The order of summation is that of register_tile.wgsl.
var<workgroup> tile_a: array<mat4x4f, 64>;
var<workgroup> tile_b: array<mat4x4f, 64>;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let first_row = group.y * 64u;
  let first_column = group.x * 64u;
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  let steps = (params.k + 3u) / 4u;
  for (var start = 0u; start < steps; start += 4u) {
    // Invocation (line, part) loads block `line` of 16 in the tile, k-step `part` of 4.
    let line = index / 4u;
    let part = start + index % 4u;
    if (part < steps) {
      tile_a[index] = load_a(first_row + line * 4u, part);
      tile_b[index] = transpose(load_b(first_column + line * 4u, part));
    } else {
      tile_a[index] = mat4x4f();
      tile_b[index] = mat4x4f();
    }
    workgroupBarrier();
    for (var part = 0u; part < 4u; part++) {
      let a0 = tile_a[local.y * 8u + part];
      let a1 = tile_a[local.y * 8u + 4u + part];
      let b0 = tile_b[local.x * 8u + part];
      let b1 = tile_b[local.x * 8u + 4u + part];
      sum00 += b0 * a0;
      sum01 += b1 * a0;
      sum10 += b0 * a1;
      sum11 += b1 * a1;
    }
    workgroupBarrier();
  }
  let row = first_row + local.y * 8u;
  let column = first_column + local.x * 8u;
  store(row, column, sum00);
  store(row, column + 4u, sum01);
  store(row + 4u, column, sum10);
  store(row + 4u, column + 4u, sum11);
}
