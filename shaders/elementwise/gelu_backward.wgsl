// d_x = d_out (Phi(x) + x phi(x)), phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
// Element is f32 or vec4f; `count` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> d_out: array<Element>;
@group(0) @binding(3) var<storage, read_write> d_x: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let first = workgroup_index(group, groups) * 256u + local;
  for (var i = first; i < min(first + 256u, params.count); i += 64u) {
    let value = x[i];
    let normal = normal_cdf(value);
    d_x[i] = d_out[i] * (normal.phi + value * 0.39894228 * normal.gauss);
  }
}
