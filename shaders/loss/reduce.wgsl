// Reductions over the lanes of a workgroup in one fixed tree; needs common/lanes_*.wgsl. Call in uniform control flow;
// every lane gets the result.
const LOWEST: f32 = -3.4028234e38;
var<workgroup> reduce_lanes: array<f32, LANES>;

fn reduce_sum(lane: u32, value: f32) -> f32 {
  reduce_lanes[lane] = value;
  wait_for_lanes();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      reduce_lanes[lane] += reduce_lanes[lane + half];
    }
    wait_for_lanes();
  }
  let total = reduce_lanes[0];
  wait_for_lanes();
  return total;
}

fn reduce_max(lane: u32, value: f32) -> f32 {
  reduce_lanes[lane] = value;
  wait_for_lanes();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      reduce_lanes[lane] = max(reduce_lanes[lane], reduce_lanes[lane + half]);
    }
    wait_for_lanes();
  }
  let largest = reduce_lanes[0];
  wait_for_lanes();
  return largest;
}
