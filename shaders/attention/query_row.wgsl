// The row form: tiles of four keys.

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let heads = params.heads;
  let quads = params.quads;
  let unit = unit_of(group, count, lane);
  if (unit.empty) { return; }
  let head = unit.head;
  let begin = unit.begin;
  let end = unit.end;
  let row = unit.row;
  let own = unit.own;
  let key_head = key_head_of(head);

  // Transposed: a column is a channel, a component one of the four rows.
  var query: array<mat4x4f, D4>;
  var d_row: array<mat4x4f, D4>;
  for (var c = 0u; c < quads; c++) {
    query[c] = transpose(mat4x4f(q[own.x + c], q[own.y + c], q[own.z + c], q[own.w + c])) * params.scale;
    d_row[c] = transpose(mat4x4f(d_out[own.x + c], d_out[own.y + c], d_out[own.z + c], d_out[own.w + c]));
  }
  let i0 = bitcast<vec2f>(rows[unit.tokens.x * heads + head].xy);
  let i1 = bitcast<vec2f>(rows[unit.tokens.y * heads + head].xy);
  let i2 = bitcast<vec2f>(rows[unit.tokens.z * heads + head].xy);
  let i3 = bitcast<vec2f>(rows[unit.tokens.w * heads + head].xy);
  let row_log_sum_exp = vec4f(i0.x, i1.x, i2.x, i3.x);
  let delta = vec4f(i0.y, i1.y, i2.y, i3.y);
  // All rows of a text share its key.
  let key = rows[begin * heads + head].zw;

  // A column is a row of the gradient.
  var acc: array<mat4x4f, D4>;
  let sight = sight_of(unit.tokens, begin, end, params.before, params.after);
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
      let position = unit.tokens - begin;
      let j = (base - begin) / 4u;
      d = multiply_elements(d, key_factors(key, position, j));
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
