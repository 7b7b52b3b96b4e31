// d_gate = d_out * up * slope(gate), d_up = d_out * activate(gate).
// Element is f32 or vec4f; `count` counts elements.
@group(0) @binding(1) var<storage, read> gate: array<Element>;
@group(0) @binding(2) var<storage, read> up: array<Element>;
@group(0) @binding(3) var<storage, read> d_out: array<Element>;
@group(0) @binding(4) var<storage, read_write> d_gate: array<Element>;
@group(0) @binding(5) var<storage, read_write> d_up: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let first = workgroup_index(group, groups) * 256u + local;
  for (var i = first; i < min(first + 256u, params.count); i += 64u) {
    d_gate[i] = d_out[i] * up[i] * slope(gate[i]);
    d_up[i] = d_out[i] * activate(gate[i]);
  }
}
