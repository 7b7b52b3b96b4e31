// log(1 + the sum over all pairs of pairs) from what the rows found, one workgroup: cross entropy of a target whose
// logit is 0 among all differences.
@group(0) @binding(1) var<storage, read> largest: array<f32>;
@group(0) @binding(2) var<storage, read> masses: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var highest = 0.0;
  for (var i = lane; i < params.rows; i += LANES) {
    highest = max(highest, largest[i]);
  }
  let top = reduce_max(lane, highest);
  var mass = 0.0;
  for (var i = lane; i < params.rows; i += LANES) {
    if (masses[i] > 0.0) {
      mass += masses[i] * exp(max(largest[i] - top, -87.0));
    }
  }
  let others = reduce_sum(lane, mass);
  if (lane == 0u) {
    losses[0] = target_loss(top, others);
  }
}
