// Reductions over a workgroup of 64 lanes in one fixed tree. Call in uniform control flow; every lane gets the result.
const LANES: u32 = 64u;
const LOWEST: f32 = -3.4028234e38;
var<workgroup> reduce_lanes: array<f32, LANES>;

fn reduce_sum(lane: u32, value: f32) -> f32 {
  reduce_lanes[lane] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      reduce_lanes[lane] += reduce_lanes[lane + half];
    }
    workgroupBarrier();
  }
  let total = reduce_lanes[0];
  workgroupBarrier();
  return total;
}

fn reduce_max(lane: u32, value: f32) -> f32 {
  reduce_lanes[lane] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      reduce_lanes[lane] = max(reduce_lanes[lane], reduce_lanes[lane + half]);
    }
    workgroupBarrier();
  }
  let largest = reduce_lanes[0];
  workgroupBarrier();
  return largest;
}
