// Packs the N lines of X, of any layout and size, into panels of QUADS * 4 lines, [N / (QUADS * 4), K, QUADS * 4]:
// element k of a line is x[line * params.line + k * params.step]. Lines past the end repeat the last one. An invocation
// packs a step of k.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

fn element(line: u32, k: u32) -> f32 {
  return x[min(line, params.n - 1u) * params.line + k * params.step];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, count) * 64u + lane;
  let panel = i / params.k;
  if (panel >= (params.n + QUADS * 4u - 1u) / (QUADS * 4u)) { return; }
  let k = i % params.k;
  for (var quad = 0u; quad < QUADS; quad++) {
    let line = (panel * QUADS + quad) * 4u;
    out[i * QUADS + quad] = vec4f(element(line, k), element(line + 1u, k), element(line + 2u, k), element(line + 3u, k));
  }
}
