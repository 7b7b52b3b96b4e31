// The row form of layernorm_backward_workgroup.wgsl: a lane owns a row and keeps two sums of each kind, of every other
// element each. The order depends on the width only. `width` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> gamma: array<Element>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> d_out: array<Element>;
@group(0) @binding(6) var<storage, read_write> d_x: array<Element>;

struct Row {
  mean: f32,
  rstd: f32,
  mean_g: f32,
  mean_gn: f32,
}

fn gradient(begin: u32, c: u32) -> Element {
  return d_out[begin + c] * gamma[c];
}

fn write(begin: u32, c: u32, row: Row) {
  let n = (x[begin + c] - row.mean) * row.rstd;
  d_x[begin + c] = row.rstd * (gradient(begin, c) - row.mean_g - n * row.mean_gn);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, count) * 64u + lane;
  if (row >= params.rows) { return; }
  let width = params.width;
  let begin = row * width;
  let fours = width / 4u * 4u;
  let columns = f32(width * ELEMENT_WIDTH);
  let row_mean = mean[row];
  let row_rstd = rstd[row];
  var p = Element();
  var q = Element();
  var p_n = Element();
  var q_n = Element();
  for (var c = 0u; c < fours; c += 4u) {
    p += gradient(begin, c);
    q += gradient(begin, c + 1u);
    p_n += gradient(begin, c) * (x[begin + c] - row_mean);
    q_n += gradient(begin, c + 1u) * (x[begin + c + 1u] - row_mean);
    p += gradient(begin, c + 2u);
    q += gradient(begin, c + 3u);
    p_n += gradient(begin, c + 2u) * (x[begin + c + 2u] - row_mean);
    q_n += gradient(begin, c + 3u) * (x[begin + c + 3u] - row_mean);
  }
  for (var c = fours; c < width; c++) {
    p += gradient(begin, c);
    p_n += gradient(begin, c) * (x[begin + c] - row_mean);
  }
  let mean_g = sum_of(p + q) / columns;
  let mean_gn = sum_of(p_n + q_n) * row_rstd / columns;
  let sums = Row(row_mean, row_rstd, mean_g, mean_gn);
  for (var c = 0u; c < fours; c += 4u) {
    write(begin, c, sums);
    write(begin, c + 1u, sums);
    write(begin, c + 2u, sums);
    write(begin, c + 3u, sums);
  }
  for (var c = fours; c < width; c++) { write(begin, c, sums); }
}
