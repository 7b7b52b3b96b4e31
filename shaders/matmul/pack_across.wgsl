// Packs the N lines of X [K, N] into panels of QUADS * 4 lines, [N / (QUADS * 4), K, QUADS * 4]; N is a multiple of 4.
// Four lines past the end repeat the last four. A workgroup packs sixteen steps of k of four panels: what it reads in a
// row of X is in the same lines of memory.
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.n / 4u;
  let blocks = (params.k + 15u) / 16u;
  let unit = workgroup_index(group, count);
  let k = unit % blocks * 16u + lane / 4u;
  let panel = unit / blocks * 4u + lane % 4u;
  if (k >= params.k || panel * QUADS >= width) { return; }
  let start = k * width;
  let at = (panel * params.k + k) * QUADS;
  for (var quad = 0u; quad < QUADS; quad++) {
    out[at + quad] = x[start + min(panel * QUADS + quad, width - 1u)];
  }
}
