// Four rows a workgroup, sixteen lanes a row. Each lane sums every sixteenth column, then the sixteen sums are added in
// lane order: the order depends on the width only, so a row's bits never depend on the rows around it.
const ROWS = 4u;
const ROW_LANES = 16u;
var<workgroup> row_partial: array<f32, 64>;

// Sum of `value` over the sixteen lanes of this lane's row. Every lane of the workgroup must call it.
fn row_sum(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  row_partial[lane] = value;
  workgroupBarrier();
  let first = lane / ROW_LANES * ROW_LANES;
  var sum = 0.0;
  for (var i = 0u; i < ROW_LANES; i++) {
    sum += row_partial[first + i];
  }
  return sum;
}
