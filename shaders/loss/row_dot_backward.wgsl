// dA_i = dOut_i * b_i and dB_i = dOut_i * a_i; one workgroup a row. `width` counts elements.
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read> d_out: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_a: array<Element>;
@group(0) @binding(5) var<storage, read_write> d_b: array<Element>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.rows) {
    return;
  }
  let slope = d_out[row];
  let begin = row * params.width;
  for (var c = lane; c < params.width; c += LANES) {
    d_a[begin + c] = slope * b[begin + c];
    d_b[begin + c] = slope * a[begin + c];
  }
}
