// 1 - corr(s, y) and its gradient, one workgroup. `unit_grades` are the grades centred and divided by their length
// (host, float64). The mean of s is taken twice, the second time of the residuals, so that near-equal cosines lose no
// digits.
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> unit_grades: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_similarity: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> warnings: array<u32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let n = f32(params.rows);
  var sum = 0.0;
  var largest = LOWEST;
  var smallest = -LOWEST;
  for (var i = lane; i < params.rows; i += LANES) {
    sum += similarity[i];
    largest = max(largest, similarity[i]);
    smallest = min(smallest, similarity[i]);
  }
  let rough_mean = reduce_sum(lane, sum) / n;
  let top = reduce_max(lane, largest);
  let bottom = -reduce_max(lane, -smallest);

  var residual = 0.0;
  for (var i = lane; i < params.rows; i += LANES) {
    residual += similarity[i] - rough_mean;
  }
  let correction = reduce_sum(lane, residual) / n;

  var squares = 0.0;
  var products = 0.0;
  for (var i = lane; i < params.rows; i += LANES) {
    let s = (similarity[i] - rough_mean) - correction;
    squares += s * s;
    products += s * unit_grades[i];
  }
  let length = sqrt(reduce_sum(lane, squares));
  let product = reduce_sum(lane, products);
  if (top == bottom || length == 0.0) {
    if (lane == 0u) {
      losses[0] = 0.0;
      warnings[0] += 1u;
    }
    return;
  }
  let correlation = product / length;
  if (lane == 0u) {
    losses[0] = 1.0 - correlation;
  }
  for (var i = lane; i < params.rows; i += LANES) {
    let s = ((similarity[i] - rough_mean) - correction) / length;
    d_similarity[i] -= params.weight * (unit_grades[i] - correlation * s) / length;
  }
}
