// out[t, c] = word[ids[t], c] + position[positions[t], c] + type[typeIds[t], c]. A workgroup
// owns eight tokens: nothing is divided, and the ids are read once. `word` may be rows of the table, from first_row on.
// `width` counts elements.
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> type_ids: array<u32>;
@group(0) @binding(4) var<storage, read> word: array<Element>;
@group(0) @binding(5) var<storage, read> position: array<Element>;
@group(0) @binding(6) var<storage, read> token_type: array<Element>;
@group(0) @binding(7) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let first = workgroup_index(group, count) * 8u;
  let behind = min(first + 8u, params.tokens);
  for (var t = first; t < behind; t++) {
    // Of an id before the first row this wraps round.
    let id = ids[t] - params.first_row;
    if (id >= params.rows) { continue; }
    let word_row = id * width;
    let position_row = positions[t] * width;
    let type_row = type_ids[t] * width;
    for (var c = lane; c < width; c += LANES) {
      out[t * width + c] = word[word_row + c] + position[position_row + c] + token_type[type_row + c];
    }
  }
}
