// The row form of layernorm_partial_workgroup.wgsl: a lane owns a chunk, and walks down its rows with four neighbouring
// elements at a time, which are one line of the cache. `width` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> d_out: array<Element>;
@group(0) @binding(5) var<storage, read_write> partial: array<Element>;

fn gradient(at: u32, row: u32) -> Element {
  return d_out[at] * ((x[at] - mean[row]) * rstd[row]);
}

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u) {
  let chunk = workgroup_index(group, count);
  let width = params.width;
  let begin = chunk * params.chunk;
  let end = min(begin + params.chunk, params.rows);
  if (begin >= end) { return; }
  let gammas = chunk * 2u * width;
  let betas = gammas + width;
  let fours = width / 4u * 4u;
  for (var c = 0u; c < fours; c += 4u) {
    var gamma_p = Element();
    var gamma_q = Element();
    var gamma_r = Element();
    var gamma_s = Element();
    var beta_p = Element();
    var beta_q = Element();
    var beta_r = Element();
    var beta_s = Element();
    var at = begin * width + c;
    for (var row = begin; row < end; row++) {
      gamma_p += gradient(at, row);
      gamma_q += gradient(at + 1u, row);
      gamma_r += gradient(at + 2u, row);
      gamma_s += gradient(at + 3u, row);
      beta_p += d_out[at];
      beta_q += d_out[at + 1u];
      beta_r += d_out[at + 2u];
      beta_s += d_out[at + 3u];
      at += width;
    }
    partial[gammas + c] = gamma_p;
    partial[gammas + c + 1u] = gamma_q;
    partial[gammas + c + 2u] = gamma_r;
    partial[gammas + c + 3u] = gamma_s;
    partial[betas + c] = beta_p;
    partial[betas + c + 1u] = beta_q;
    partial[betas + c + 2u] = beta_r;
    partial[betas + c + 3u] = beta_s;
  }
  for (var c = fours; c < width; c++) {
    var gamma = Element();
    var beta = Element();
    var at = begin * width + c;
    for (var row = begin; row < end; row++) {
      gamma += gradient(at, row);
      beta += d_out[at];
      at += width;
    }
    partial[gammas + c] = gamma;
    partial[betas + c] = beta;
  }
}
