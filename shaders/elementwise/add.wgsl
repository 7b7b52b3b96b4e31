// out = a + b
// Element is f32 or vec4f; `count` counts elements.
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let first = workgroup_index(group, groups) * 256u + local;
  for (var i = first; i < min(first + 256u, params.count); i += 64u) { out[i] = a[i] + b[i]; }
}
