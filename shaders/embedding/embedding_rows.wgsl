// out[t, c] = table[ids[t], c]. A workgroup owns eight tokens. `table` may be rows of the table, from first_row on.
// `width` counts elements.
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let first = workgroup_index(group, count) * 8u;
  let behind = min(first + 8u, params.tokens);
  for (var t = first; t < behind; t++) {
    // Of an id before the first row this wraps round.
    let id = ids[t] - params.first_row;
    if (id >= params.rows) { continue; }
    let row = id * width;
    for (var c = lane; c < width; c += LANES) {
      out[t * width + c] = table[row + c];
    }
  }
}
