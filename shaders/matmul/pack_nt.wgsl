// Packs B [N, K] into panels of eight columns of the product, [N / 8, K, 8]; K is a multiple of 4. Columns past the end
// repeat the last one and are not stored by the tile. An invocation packs four steps of k.
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

fn four_columns(column: u32, k4: u32) -> mat4x4f {
  let width = params.k / 4u;
  let last = params.n - 1u;
  return transpose(mat4x4f(
    b[min(column, last) * width + k4], b[min(column + 1u, last) * width + k4],
    b[min(column + 2u, last) * width + k4], b[min(column + 3u, last) * width + k4]));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.k / 4u;
  let i = workgroup_index(group, count) * 64u + lane;
  if (i >= (params.n + 7u) / 8u * width) { return; }
  let column = i / width * 8u;
  let low = four_columns(column, i % width);
  let high = four_columns(column + 4u, i % width);
  let at = i * 8u;
  out[at] = low[0];
  out[at + 1u] = high[0];
  out[at + 2u] = low[1];
  out[at + 3u] = high[1];
  out[at + 4u] = low[2];
  out[at + 5u] = high[2];
  out[at + 6u] = low[3];
  out[at + 7u] = high[3];
}
