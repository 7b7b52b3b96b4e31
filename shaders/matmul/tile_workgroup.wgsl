// 32 x 32 results a workgroup, 4 x 4 an invocation; blocks of A and B pass through workgroup memory, 32 steps of k at a
// time. For GPUs. The order of summation is that of tile_row.wgsl.
var<workgroup> tile_a: array<mat4x4f, 64>;
var<workgroup> tile_b: array<mat4x4f, 64>;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let first_row = group.y * 32u;
  let first_column = group.x * 32u;
  var sum = mat4x4f();
  let steps = (params.k + 3u) / 4u;
  for (var start = 0u; start < steps; start += 8u) {
    // Invocation (line, part) loads block `line` of 8 in the tile, step `part` of 8 along k.
    let line = index / 8u;
    let part = start + index % 8u;
    if (part < steps) {
      tile_a[index] = load_a(first_row + line * 4u, part);
      tile_b[index] = transpose(load_b(first_column + line * 4u, part));
    }
    workgroupBarrier();
    for (var i = 0u; i < min(8u, steps - start); i++) {
      sum += tile_b[local.x * 8u + i] * tile_a[local.y * 8u + i];
    }
    workgroupBarrier();
  }
  store(first_row + local.y * 4u, first_column + local.x * 4u, sum);
}
