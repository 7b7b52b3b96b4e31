// The row form of layernorm_forward_workgroup.wgsl: a lane owns a row. A barrier costs a CPU more than the whole sum of
// a row. `width` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> gamma: array<Element>;
@group(0) @binding(3) var<storage, read> beta: array<Element>;
@group(0) @binding(4) var<storage, read_write> out: array<Element>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

fn term(begin: u32, c: u32) -> Element {
  return x[begin + c];
}

fn square(at: u32, center: f32) -> Element {
  let d = x[at] - center;
  return d * d;
}

fn write(begin: u32, c: u32, row_mean: f32, row_rstd: f32) {
  let scaled = (x[begin + c] - row_mean) * row_rstd * gamma[c];
  if (BETA) { out[begin + c] = scaled + beta[c]; } else { out[begin + c] = scaled; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, count) * 64u + lane;
  if (row >= params.rows) { return; }
  let width = params.width;
  let begin = row * width;
  let fours = width / 4u * 4u;
  let columns = f32(width * ELEMENT_WIDTH);
  let row_mean = sum_of_row(begin, width) / columns;
  var p = Element();
  var q = Element();
  var r = Element();
  var s = Element();
  for (var c = 0u; c < fours; c += 4u) {
    p += square(begin + c, row_mean);
    q += square(begin + c + 1u, row_mean);
    r += square(begin + c + 2u, row_mean);
    s += square(begin + c + 3u, row_mean);
  }
  for (var c = fours; c < width; c++) { p += square(begin + c, row_mean); }
  let row_rstd = 1.0 / sqrt(sum_of((p + q) + (r + s)) / columns + params.epsilon);
  for (var c = 0u; c < fours; c += 4u) {
    write(begin, c, row_mean, row_rstd);
    write(begin, c + 1u, row_mean, row_rstd);
    write(begin, c + 2u, row_mean, row_rstd);
    write(begin, c + 3u, row_mean, row_rstd);
  }
  for (var c = fours; c < width; c++) { write(begin, c, row_mean, row_rstd); }
  mean[row] = row_mean;
  rstd[row] = row_rstd;
}
