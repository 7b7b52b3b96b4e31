// out[n] = sum over t of x[t, n] (+ what out held). A workgroup sums 16 columns: slice s of 16 takes the rows s, s + 16, ...
// in order, then the slices are added in order.
struct Params { rows: u32, columns: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(local_invocation_index) index: u32) {
  let column = group.x * 16u + local.x;
  var sum = 0.0;
  if (column < params.columns) {
    for (var row = local.y; row < params.rows; row += 16u) { sum += x[row * params.columns + column]; }
  }
  partial[index] = sum;
  workgroupBarrier();
  if (local.y > 0u || column >= params.columns) { return; }
  for (var slice = 1u; slice < 16u; slice++) { sum += partial[slice * 16u + local.x]; }
  if (params.accumulate != 0u) { sum += out[column]; }
  out[column] = sum;
}
