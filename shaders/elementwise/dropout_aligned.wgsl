// C is a multiple of 4: an element is four channels.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let blocks = params.channels / 4u;
  let first = workgroup_index(group, groups) * 256u + local;
  for (var i = first; i < min(first + 256u, params.tokens * blocks); i += 64u) {
    let token = i / blocks;
    let factors = factors_of(token, i - token * blocks);
    // Not a product with zero: a dropped infinity is zero.
    out[i] = select(x[i] * factors, vec4f(0.0), factors == vec4f(0.0));
  }
}
