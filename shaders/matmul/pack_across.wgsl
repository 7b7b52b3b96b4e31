// Packs the N lines of X [K, N] into panels of QUADS * 4 lines, [N / (QUADS * 4), K, QUADS * 4]; N is a multiple of 4.
// Four lines past the end repeat the last four. An invocation packs a step of k.
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.n / 4u;
  let i = workgroup_index(group, count) * 64u + lane;
  let panel = i / params.k;
  if (panel * QUADS >= width) { return; }
  let start = i % params.k * width;
  for (var quad = 0u; quad < QUADS; quad++) {
    out[i * QUADS + quad] = x[start + min(panel * QUADS + quad, width - 1u)];
  }
}
