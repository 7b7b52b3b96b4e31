// KL(t || softmax(s / temperature)) / n and its gradient, one workgroup. `targets` t and their logs come from the host.
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> log_targets: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_similarity: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let n = f32(params.rows);
  var largest = LOWEST;
  for (var i = lane; i < params.rows; i += LANES) {
    largest = max(largest, similarity[i]);
  }
  let top = reduce_max(lane, largest);
  var mass = 0.0;
  for (var i = lane; i < params.rows; i += LANES) {
    mass += exp((similarity[i] - top) * params.inverse_temperature);
  }
  let total = reduce_sum(lane, mass);
  let log_total = log(total);
  var divergence = 0.0;
  for (var i = lane; i < params.rows; i += LANES) {
    let scaled = (similarity[i] - top) * params.inverse_temperature;
    divergence += targets[i] * ((log_targets[i] - scaled) + log_total);
    let slope = (exp(scaled) / total - targets[i]) * params.inverse_temperature / n;
    d_similarity[i] += params.weight * slope;
  }
  let kl = reduce_sum(lane, divergence);
  if (lane == 0u) {
    losses[0] = kl / n;
  }
}
