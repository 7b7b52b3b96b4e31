// First stage of the global norm: one workgroup sums the squares of 4096 consecutive elements, always the same ones.
@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let span = group.x + group.y * groups.x;
  if (span >= params.spans) {
    return;
  }
  let end = min(params.count, (span + 1u) * 4096u);
  var sum = 0.0;
  for (var index = span * 4096u + lane; index < end; index += LANES) {
    sum += gradients[index] * gradients[index];
  }
  let squares = reduce_sum(lane, sum);
  if (lane == 0u) {
    partials[params.first_span + span] = squares;
  }
}
