// Adds rows of `width` elements to the beginnings of rows that are `stride` elements apart. `count` counts elements of
// `part`.
@group(0) @binding(1) var<storage, read> part: array<Element>;
@group(0) @binding(2) var<storage, read_write> whole: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let first = workgroup_index(group, groups) * 256u + local;
  for (var i = first; i < min(first + 256u, params.count); i += 64u) {
    whole[i / params.width * params.stride + i % params.width] += part[i];
  }
}
