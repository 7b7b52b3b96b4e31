// Gradients of shared keys or values: out[t, g] = the sum of parts[t, h] over the query heads h of group g, in their
// order.
@group(0) @binding(1) var<storage, read> parts: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, count) * 64u + lane;
  if (i >= params.count) { return; }
  let first = i / params.width * params.width * params.group + i % params.width;
  var sum = parts[first];
  for (var part = 1u; part < params.group; part++) { sum += parts[first + part * params.width]; }
  out[i] = sum;
}
