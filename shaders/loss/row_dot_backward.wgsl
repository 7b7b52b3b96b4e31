// dA_i = dOut_i * b_i and dB_i = dOut_i * a_i; one lane an element.
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> d_out: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_a: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_b: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + lane;
  if (index >= params.rows * params.width) {
    return;
  }
  let slope = d_out[index / params.width];
  d_a[index] = slope * b[index];
  d_b[index] = slope * a[index];
}
