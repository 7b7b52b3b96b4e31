// Packs B [K, N] into panels of eight columns, [N / 8, K, 8]; N is a multiple of 4. Four columns past the end repeat
// the last four and are not stored by the tile. An invocation packs a step of k.
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.n / 4u;
  let i = workgroup_index(group, count) * 64u + lane;
  if (i >= (params.n + 7u) / 8u * params.k) { return; }
  let start = i % params.k * width;
  let first = i / params.k * 2u;
  out[i * 2u] = b[start + first];
  out[i * 2u + 1u] = b[start + min(first + 1u, width - 1u)];
}
