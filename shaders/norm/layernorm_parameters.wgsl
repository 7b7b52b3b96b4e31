// Second stage of dGamma and dBeta: the chunks' sums are added in their order to what the gradients hold. A lane owns
// an element; `width` counts elements.
@group(0) @binding(1) var<storage, read> partial: array<Element>;
@group(0) @binding(2) var<storage, read_write> d_gamma: array<Element>;
@group(0) @binding(3) var<storage, read_write> d_beta: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let c = workgroup_index(group, count) * 64u + lane;
  if (c >= width) { return; }
  var gamma = Element();
  var beta = Element();
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    gamma += partial[chunk * 2u * width + c];
    beta += partial[(chunk * 2u + 1u) * width + c];
  }
  d_gamma[c] += gamma;
  d_beta[c] += beta;
}
