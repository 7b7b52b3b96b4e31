// Second stage of a table's gradient: dTable[id, c] += the sums of the id's segments, in their order.
struct Params { rows: u32, width: u32, row_starts: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> d_table: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, count) * 64u + lane;
  if (i >= params.rows * params.width) { return; }
  let row = i / params.width;
  let c = i % params.width;
  let end = index[params.row_starts + row + 1u];
  var sum = 0.0;
  for (var segment = index[params.row_starts + row]; segment < end; segment++) {
    sum += partial[segment * params.width + c];
  }
  d_table[index[row] * params.width + c] += sum;
}
