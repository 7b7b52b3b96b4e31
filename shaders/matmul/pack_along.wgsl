// Packs the N lines of X [N, K] into panels of QUADS * 4 lines, [N / (QUADS * 4), K, QUADS * 4]; K is a multiple of 4.
// Lines past the end repeat the last one. An invocation packs four steps of k.
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

fn four_lines(line: u32, k4: u32) -> mat4x4f {
  let width = params.k / 4u;
  let last = params.n - 1u;
  return transpose(mat4x4f(
    x[min(line, last) * width + k4], x[min(line + 1u, last) * width + k4],
    x[min(line + 2u, last) * width + k4], x[min(line + 3u, last) * width + k4]));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.k / 4u;
  let i = workgroup_index(group, count) * 64u + lane;
  let panel = i / width;
  if (panel >= (params.n + QUADS * 4u - 1u) / (QUADS * 4u)) { return; }
  for (var quad = 0u; quad < QUADS; quad++) {
    let steps = four_lines((panel * QUADS + quad) * 4u, i % width);
    let at = i * 4u * QUADS + quad;
    out[at] = steps[0];
    out[at + QUADS] = steps[1];
    out[at + 2u * QUADS] = steps[2];
    out[at + 3u * QUADS] = steps[3];
  }
}
