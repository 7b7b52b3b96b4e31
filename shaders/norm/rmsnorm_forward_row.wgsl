// The row form of rmsnorm_forward_workgroup.wgsl: a lane owns a row. `width` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> gamma: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<Element>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

fn term(begin: u32, c: u32) -> Element {
  return x[begin + c] * x[begin + c];
}

fn write(begin: u32, c: u32, row_rstd: f32) {
  out[begin + c] = x[begin + c] * row_rstd * gamma[c];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, count) * 64u + lane;
  if (row >= params.rows) { return; }
  let width = params.width;
  let begin = row * width;
  let fours = width / 4u * 4u;
  let squares = sum_of_row(begin, width);
  let row_rstd = 1.0 / sqrt(squares / f32(width * ELEMENT_WIDTH) + params.epsilon);
  for (var c = 0u; c < fours; c += 4u) {
    write(begin, c, row_rstd);
    write(begin, c + 1u, row_rstd);
    write(begin, c + 2u, row_rstd);
    write(begin, c + 3u, row_rstd);
  }
  for (var c = fours; c < width; c++) { write(begin, c, row_rstd); }
  rstd[row] = row_rstd;
}
