// Packs B of any layout and size into panels of eight columns, [N / 8, K, 8]: element (k, column) is
// b[column * b_column + k * b_k]. Columns past the end repeat the last one and are not stored by the tile. An
// invocation packs a step of k.
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

fn element(column: u32, k: u32) -> f32 {
  return b[min(column, params.n - 1u) * params.b_column + k * params.b_k];
}

fn four(column: u32, k: u32) -> vec4f {
  return vec4f(element(column, k), element(column + 1u, k), element(column + 2u, k), element(column + 3u, k));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, count) * 64u + lane;
  if (i >= (params.n + 7u) / 8u * params.k) { return; }
  let column = i / params.k * 8u;
  let k = i % params.k;
  out[i * 2u] = four(column, k);
  out[i * 2u + 1u] = four(column + 4u, k);
}
