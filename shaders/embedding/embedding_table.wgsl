// Second stage of a table's gradient: dTable[id, c] += the sums of the id's segments, in their order. A workgroup owns
// eight ids. `width` counts elements.
@group(0) @binding(1) var<storage, read> partial: array<Element>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> d_table: array<Element>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let first = workgroup_index(group, count) * 8u;
  let behind = min(first + 8u, params.rows);
  for (var row = first; row < behind; row++) {
    let begin = index[params.row_starts + row];
    let end = index[params.row_starts + row + 1u];
    let table_row = index[row] * width;
    for (var c = lane; c < width; c += LANES) {
      var sum = Element();
      for (var segment = begin; segment < end; segment++) {
        sum += partial[segment * width + c];
      }
      d_table[table_row + c] += sum;
    }
  }
}
