// The workgroup form: the walk over texts and tiles of the forward kernel.

// Of every block of four keys: the lanes' parts of q k, then of dOut v.
var<workgroup> partial: array<vec4f, select(1u, 2u * BLOCKS * LANES, PARTS > 1u)>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let heads = params.heads;
  let unit = unit_of(group, count);
  // Uniform: whole workgroups past the end of a folded grid leave together.
  if (unit.first_row >= params.tokens) { return; }
  let head = unit.head;
  let part = lane % PARTS;
  let row = unit.first_row + lane / PARTS;
  let safe_row = min(row, params.tokens - 1u);
  let own = head_base(safe_row, head, heads) + part * SLICE;
  let key_head = key_head_of(head);

  var query: array<vec4f, SLICE>;
  var d_row: array<vec4f, SLICE>;
  for (var c = 0u; c < SLICE; c++) {
    query[c] = q[own + c] * params.scale;
    d_row[c] = d_out[own + c];
  }
  let info = rows[safe_row * heads + head];
  let row_log_sum_exp = bitcast<f32>(info.x);
  let delta = bitcast<f32>(info.y);

  var acc: array<vec4f, SLICE>;
  var text = text_of(unit.first_row, params.texts);
  var begin = cumulative[text];
  while (begin < unit.end_row) {
    let end = cumulative[text + 1u];
    let mine = row >= begin && row < end;
    let sight = sight_of(unit, begin, end, params.before, params.after);
    let seen = row_sight_of(row, begin, end, params.before, params.after);
    for (var base = sight.begin; base < sight.end; base += TILE) {
      let size = min(TILE, end - base);
      let blocks = (size + 3u) / 4u;
      workgroupBarrier();
      load_tiles(lane, base, end, blocks, key_head);
      workgroupBarrier();
      var scores: array<vec4f, BLOCKS>;
      var d_weights: array<vec4f, BLOCKS>;
      if (mine) {
        for (var b = 0u; b < blocks; b++) {
          let own_part = products(&query, &d_row, b, part);
          if (PARTS > 1u) {
            partial[b * LANES + lane] = own_part.s;
            partial[(BLOCKS + b) * LANES + lane] = own_part.d;
          } else {
            scores[b] = own_part.s;
            d_weights[b] = own_part.d;
          }
        }
      }
      if (PARTS > 1u) { workgroupBarrier(); }
      if (mine) {
        for (var b = 0u; b < blocks; b++) {
          var s = scores[b];
          var d = d_weights[b];
          if (PARTS > 1u) {
            s = added_parts(b * LANES + lane - part);
            d = added_parts((BLOCKS + b) * LANES + lane - part);
          }
          if (DROPOUT) {
            d *= dropout_factors(info.zw, row - begin, (base - begin) / 4u + b, params.threshold, params.keep_scale);
          }
          let p = exp(s - vec4f(row_log_sum_exp));
          let ds = p * (d - vec4f(delta)) * params.scale;
          scores[b] = select(vec4f(0.0), ds, inside_of(b, size, base, seen));
        }
        for (var c = 0u; c < SLICE; c++) {
          var a = acc[c];
          for (var b = 0u; b < blocks; b++) { a += weighted_a(scores[b], b, part * SLICE + c); }
          acc[c] = a;
        }
      }
    }
    begin = end;
    text++;
  }
  if (row >= params.tokens) { return; }
  for (var c = 0u; c < SLICE; c++) { d_q[own + c] = acc[c]; }
}
