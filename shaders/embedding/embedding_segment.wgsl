// First stage of a table's gradient: partial[s, c] = sum of dOut over the tokens of segment s, in their
// order. A workgroup owns eight segments. `width` counts elements.
@group(0) @binding(1) var<storage, read> d_out: array<Element>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> partial: array<Element>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let first = workgroup_index(group, count) * 8u;
  let behind = min(first + 8u, params.segments);
  for (var segment = first; segment < behind; segment++) {
    let begin = index[params.segment_starts + segment];
    let end = index[params.segment_starts + segment + 1u];
    for (var c = lane; c < width; c += LANES) {
      var sum = Element();
      for (var at = begin; at < end; at++) {
        sum += d_out[index[params.order + at] * width + c];
      }
      partial[segment * width + c] = sum;
    }
  }
}
