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
  for (var c = 0u; c < quads; c++) {
    query[c] = transpose(mat4x4f(q[own.x + c], q[own.y + c], q[own.z + c], q[own.w + c])) * params.scale;
  }
  var key = vec2u(0u);
  if (DROPOUT) { key = threefry2x32(vec2u(params.seed, params.stream), vec2u(sample_of_token[begin], head)); }

  var top = vec4f(LOWEST);
  var sum = vec4f(0.0);
  // A column is a row of the output.
  var acc: array<mat4x4f, D4>;
  let sight = sight_of(unit.tokens, begin, end, params.before, params.after);
  for (var base = sight.begin; base < sight.end; base += 4u) {
    let at = head_bases(four_tokens(base, end), key_head, key_heads());
    // A column is a key, a component a row. Keys past the end repeat the last one, so the maximum stays true.
    var s = mat4x4f();
    for (var c = 0u; c < quads; c++) {
      s += query[c] * mat4x4f(k[at.x + c], k[at.y + c], k[at.z + c], k[at.w + c]);
    }
    if (MASKED) { s = hide_unseen(s, base, sight.first, sight.stop, LOWEST); }
    let grown = max(max(top, s[0]), max(max(s[1], s[2]), s[3]));
    let shrink = exp(top - grown);
    top = grown;
    var p = keep_columns(exp4(s - mat4x4f(top, top, top, top)), end - base);
    if (MASKED) { p = hide_unseen(p, base, sight.first, sight.stop, 0.0); }
    sum = sum * shrink + (p[0] + p[1] + p[2] + p[3]);
    // A column is a row, a component a key.
    var weights = transpose(p);
    if (DROPOUT) {
      weights = multiply_elements(weights, row_factors(key, unit.tokens - begin, (base - begin) / 4u));
    }
    for (var c = 0u; c < quads; c++) {
      let a = acc[c];
      acc[c] = mat4x4f(a[0] * shrink.x, a[1] * shrink.y, a[2] * shrink.z, a[3] * shrink.w)
        + mat4x4f(v[at.x + c], v[at.y + c], v[at.z + c], v[at.w + c]) * weights;
    }
  }
  for (var i = 0u; i < 4u; i++) {
    if (row + i < end) {
      for (var c = 0u; c < quads; c++) { out[own[i] + c] = acc[c][i] / sum[i]; }
      log_sum_exp[(row + i) * heads + head] = top[i] + log(sum[i]);
    }
  }
}
