// dQ by query rows, row form: the arithmetic of query_workgroup.wgsl in tiles of four keys.
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> d_out: array<vec4f>;
@group(0) @binding(5) var<storage, read> rows: array<vec4u>;
@group(0) @binding(6) var<storage, read> cumulative: array<u32>;
@group(0) @binding(7) var<storage, read_write> d_q: array<vec4f>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let heads = params.heads;
  let quads = params.quads;
  let unit = workgroup_index(group, count);
  let head = unit % heads;
  let block = block_at(unit / heads, params.texts);
  let end = block.end;
  if (block.first >= end) { return; }
  let row = block.first + lane * 4u;
  let own_tokens = four_tokens(row, end);
  let own = head_bases(own_tokens, head, heads);
  let key_head = key_head_of(head);

  // Transposed: a column is a channel, a component one of the four rows.
  var query: array<mat4x4f, D4>;
  var d_row: array<mat4x4f, D4>;
  for (var c = 0u; c < quads; c++) {
    query[c] = transpose(mat4x4f(q[own.x + c], q[own.y + c], q[own.z + c], q[own.w + c])) * params.scale;
    d_row[c] = transpose(mat4x4f(d_out[own.x + c], d_out[own.y + c], d_out[own.z + c], d_out[own.w + c]));
  }
  let i0 = bitcast<vec2f>(rows[own_tokens.x * heads + head].xy);
  let i1 = bitcast<vec2f>(rows[own_tokens.y * heads + head].xy);
  let i2 = bitcast<vec2f>(rows[own_tokens.z * heads + head].xy);
  let i3 = bitcast<vec2f>(rows[own_tokens.w * heads + head].xy);
  let row_log_sum_exp = vec4f(i0.x, i1.x, i2.x, i3.x);
  let delta = vec4f(i0.y, i1.y, i2.y, i3.y);
  // All rows of a text share its key.
  let key = rows[block.begin * heads + head].zw;

  // A column is a row of the gradient.
  var acc: array<mat4x4f, D4>;
  var sight = Sight(vec4u(), vec4u(), block.begin, end);
  if (MASKED) { sight = sight_of(own_tokens, block.begin, end, params.before, params.after); }
  for (var base = sight.begin; base < sight.end; base += 4u) {
    let at = head_bases(four_tokens(base, end), key_head, key_heads());
    // A column is a key, a component a row.
    var s = mat4x4f();
    var d = mat4x4f();
    for (var c = 0u; c < quads; c++) {
      s += query[c] * mat4x4f(k[at.x + c], k[at.y + c], k[at.z + c], k[at.w + c]);
      d += d_row[c] * mat4x4f(v[at.x + c], v[at.y + c], v[at.z + c], v[at.w + c]);
    }
    if (DROPOUT) {
      let position = own_tokens - block.begin;
      let j = (base - block.begin) / 4u;
      d = multiply_elements(d, transpose(mat4x4f(
        dropout_factors(key, position.x, j, params.threshold, params.keep_scale),
        dropout_factors(key, position.y, j, params.threshold, params.keep_scale),
        dropout_factors(key, position.z, j, params.threshold, params.keep_scale),
        dropout_factors(key, position.w, j, params.threshold, params.keep_scale))));
    }
    let p = exp4(s - mat4x4f(row_log_sum_exp, row_log_sum_exp, row_log_sum_exp, row_log_sum_exp));
    var slope = keep_columns(multiply_elements(p, d - mat4x4f(delta, delta, delta, delta)), end - base);
    if (MASKED) { slope = hide_unseen(slope, base, sight.first, sight.stop, 0.0); }
    let ds = transpose(slope);
    for (var c = 0u; c < quads; c++) {
      acc[c] += mat4x4f(k[at.x + c], k[at.y + c], k[at.z + c], k[at.w + c]) * ds;
    }
  }
  for (var i = 0u; i < 4u; i++) {
    if (row + i < end) {
      for (var c = 0u; c < quads; c++) { d_q[own[i] + c] = acc[c][i] * params.scale; }
    }
  }
}
