// out[c, n] = sum over the rows t of chunk c of x[t, n] (+ what out held): a chunk is `chunk` consecutive rows, added
// in order. The host calls it twice, first with many chunks, then over their sums. Element is f32 or vec4f; `columns`
// counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let index = invocation_index(group, groups, local, 16u);
  let chunks = max(1u, (params.rows + params.chunk - 1u) / params.chunk);
  if (index >= chunks * params.columns) { return; }
  let first = (index / params.columns) * params.chunk;
  let column = index % params.columns;
  var sum = Element();
  for (var row = first; row < min(first + params.chunk, params.rows); row++) { sum += x[row * params.columns + column]; }
  if (params.accumulate != 0u) { sum += out[index]; }
  out[index] = sum;
}
