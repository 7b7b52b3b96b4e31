// The row form: tiles of four queries.

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
  let shared_keys = head_bases(unit.tokens, key_head_of(head), key_heads());

  // Transposed: a column is a channel, a component one of the four keys.
  var key: array<mat4x4f, D4>;
  var value: array<mat4x4f, D4>;
  for (var c = 0u; c < quads; c++) {
    key[c] = transpose(mat4x4f(
      k[shared_keys.x + c], k[shared_keys.y + c], k[shared_keys.z + c], k[shared_keys.w + c])) * params.scale;
    value[c] = transpose(mat4x4f(
      v[shared_keys.x + c], v[shared_keys.y + c], v[shared_keys.z + c], v[shared_keys.w + c]));
  }
  // All rows of a text share its dropout key; the lane's keys are the four of one block of the forward pass.
  let dropout_key = rows[begin * heads + head].zw;
  let key_block = (row - begin) / 4u;

  // A column is a row of the gradient.
  var d_key: array<mat4x4f, D4>;
  var d_value: array<mat4x4f, D4>;
  // Queries that see a key stand where the key would see them with the mask turned round.
  let sight = sight_of(unit.tokens, begin, end, params.after, params.before);
  for (var base = sight.begin; base < sight.end; base += 4u) {
    let queries = four_tokens(base, end);
    let at = head_bases(queries, head, heads);
    // A column is a query, a component a key.
    var s = mat4x4f();
    var d = mat4x4f();
    for (var c = 0u; c < quads; c++) {
      s += key[c] * mat4x4f(q[at.x + c], q[at.y + c], q[at.z + c], q[at.w + c]);
      d += value[c] * mat4x4f(d_out[at.x + c], d_out[at.y + c], d_out[at.z + c], d_out[at.w + c]);
    }
    let i0 = bitcast<vec2f>(rows[queries.x * heads + head].xy);
    let i1 = bitcast<vec2f>(rows[queries.y * heads + head].xy);
    let i2 = bitcast<vec2f>(rows[queries.z * heads + head].xy);
    let i3 = bitcast<vec2f>(rows[queries.w * heads + head].xy);
    var p = keep_columns(
      mat4x4f(exp(s[0] - i0.x), exp(s[1] - i1.x), exp(s[2] - i2.x), exp(s[3] - i3.x)),
      end - base);
    if (MASKED) { p = hide_unseen(p, base, sight.first, sight.stop, 0.0); }
    var dropped = p;
    if (DROPOUT) {
      let factors = transpose(key_factors(dropout_key, vec4u(base - begin) + vec4u(0u, 1u, 2u, 3u), key_block));
      d = multiply_elements(d, factors);
      dropped = multiply_elements(p, factors);
    }
    let ds = transpose(mat4x4f(p[0] * (d[0] - i0.y), p[1] * (d[1] - i1.y), p[2] * (d[2] - i2.y), p[3] * (d[3] - i3.y)));
    let weights = transpose(dropped);
    for (var c = 0u; c < quads; c++) {
      d_value[c] += mat4x4f(d_out[at.x + c], d_out[at.y + c], d_out[at.z + c], d_out[at.w + c]) * weights;
      d_key[c] += mat4x4f(q[at.x + c], q[at.y + c], q[at.z + c], q[at.w + c]) * ds;
    }
  }
  for (var i = 0u; i < 4u; i++) {
    if (row + i < end) {
      for (var c = 0u; c < quads; c++) {
        d_k[own[i] + c] = d_key[c][i] * params.scale;
        d_v[own[i] + c] = d_value[c][i];
      }
    }
  }
}
