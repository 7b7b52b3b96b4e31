// The workgroup form.

var<workgroup> partial: array<vec4f, select(1u, BLOCKS * LANES, PARTS > 1u)>;

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
  for (var c = 0u; c < SLICE; c++) { query[c] = q[own + c] * params.scale; }
  var dropout_key = vec2u(0u);
  if (DROPOUT) {
    dropout_key = threefry2x32(vec2u(params.seed, params.stream), vec2u(sample_of_token[safe_row], head));
  }

  var top = LOWEST;
  var sum = 0.0;
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
      if (mine) {
        for (var b = 0u; b < blocks; b++) {
          var s = vec4f(0.0);
          for (var c = 0u; c < SLICE; c++) { s += dots_a(query[c], b, part * SLICE + c); }
          if (PARTS > 1u) { partial[b * LANES + lane] = s; } else { scores[b] = s; }
        }
      }
      if (PARTS > 1u) { workgroupBarrier(); }
      if (mine) {
        var tile_top = top;
        for (var b = 0u; b < blocks; b++) {
          if (PARTS > 1u) { scores[b] = added_parts(b * LANES + lane - part); }
          let s = select(vec4f(LOWEST), scores[b], inside_of(b, size, base, seen));
          scores[b] = s;
          tile_top = max(max(tile_top, max(s.x, s.y)), max(s.z, s.w));
        }
        let shrink = exp(top - tile_top);
        top = tile_top;
        sum *= shrink;
        for (var b = 0u; b < blocks; b++) {
          var p = select(vec4f(0.0), exp(scores[b] - vec4f(top)), inside_of(b, size, base, seen));
          sum += p.x + p.y + p.z + p.w;
          if (DROPOUT) {
            p *= dropout_factors(dropout_key, row - begin, (base - begin) / 4u + b, params.threshold, params.keep_scale);
          }
          scores[b] = p;
        }
        for (var c = 0u; c < SLICE; c++) {
          var a = acc[c] * shrink;
          for (var b = 0u; b < blocks; b++) { a += weighted_b(scores[b], b, part * SLICE + c); }
          acc[c] = a;
        }
      }
    }
    begin = end;
    text++;
  }
  if (row >= params.tokens) { return; }
  for (var c = 0u; c < SLICE; c++) { out[own + c] = acc[c] / sum; }
  if (part == 0u) { log_sum_exp[row * heads + head] = top + log(sum); }
}
