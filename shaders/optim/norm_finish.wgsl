// Second stage of the global norm: the root of the sum of all partial sums, one workgroup, fixed order.
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<u32>;
@group(0) @binding(3) var<storage, read_write> norm: array<u32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var span = lane; span < params.spans; span += LANES) {
    sum += partials[span];
  }
  let squares = reduce_sum(lane, sum);
  if (lane == 0u) {
    // A guard that is not finite replaces the norm: AdamW then changes nothing.
    let stopped = params.has_guard != 0u && (guard[0] & 0x7f800000u) == 0x7f800000u;
    norm[0] = select(bitcast<u32>(sqrt(squares)), guard[0], stopped);
  }
}
