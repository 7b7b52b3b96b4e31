// The row form of rmsnorm_partial_workgroup.wgsl: a lane owns a chunk, and walks down its rows with four neighbouring
// elements at a time, which are one line of the cache. `width` counts elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> rstd: array<f32>;
@group(0) @binding(3) var<storage, read> d_out: array<Element>;
@group(0) @binding(4) var<storage, read_write> partial: array<Element>;

fn gradient(at: u32, row: u32) -> Element {
  return d_out[at] * (x[at] * rstd[row]);
}

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u) {
  let chunk = workgroup_index(group, count);
  let width = params.width;
  let begin = chunk * params.chunk;
  let end = min(begin + params.chunk, params.rows);
  if (begin >= end) { return; }
  let to = chunk * width;
  let fours = width / 4u * 4u;
  for (var c = 0u; c < fours; c += 4u) {
    var p = Element();
    var q = Element();
    var r = Element();
    var s = Element();
    var at = begin * width + c;
    for (var row = begin; row < end; row++) {
      p += gradient(at, row);
      q += gradient(at + 1u, row);
      r += gradient(at + 2u, row);
      s += gradient(at + 3u, row);
      at += width;
    }
    partial[to + c] = p;
    partial[to + c + 1u] = q;
    partial[to + c + 2u] = r;
    partial[to + c + 3u] = s;
  }
  for (var c = fours; c < width; c++) {
    var sum = Element();
    var at = begin * width + c;
    for (var row = begin; row < end; row++) {
      sum += gradient(at, row);
      at += width;
    }
    partial[to + c] = sum;
  }
}
