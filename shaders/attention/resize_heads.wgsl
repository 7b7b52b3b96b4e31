// The same heads with another number of channels each: out[t, h, c] = x[t, h, c] where x has that channel, else 0.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = invocation_index(group, count, lane, 64u);
  if (i >= params.count) { return; }
  let channel = i % params.wanted;
  var value = 0.0;
  if (channel < params.held) { value = x[i / params.wanted * params.held + channel]; }
  out[i] = value;
}
