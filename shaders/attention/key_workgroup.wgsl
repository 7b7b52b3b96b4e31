// The workgroup form: the mirror of query_workgroup.wgsl.

var<workgroup> tile_q: array<vec4f, TILE * D4>;
var<workgroup> tile_d: array<vec4f, TILE * D4>;
// Of every block of four queries: the lanes' parts of q k, then of dOut v.
var<workgroup> partial: array<vec4f, select(1u, 2u * BLOCKS * LANES, PARTS > 1u)>;

fn info_at(base: u32, i: u32, last: u32, head: u32) -> vec4u {
  return rows[min(base + i, last) * params.heads + head];
}

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
  let shared_keys = head_base(safe_row, key_head_of(head), key_heads()) + part * SLICE;

  var key: array<vec4f, SLICE>;
  var value: array<vec4f, SLICE>;
  for (var c = 0u; c < SLICE; c++) {
    key[c] = k[shared_keys + c] * params.scale;
    value[c] = v[shared_keys + c];
  }

  var d_key: array<vec4f, SLICE>;
  var d_value: array<vec4f, SLICE>;
  var text = text_of(unit.first_row, params.texts);
  var begin = cumulative[text];
  while (begin < unit.end_row) {
    let end = cumulative[text + 1u];
    let mine = row >= begin && row < end;
    // Queries that see a key stand where the key would see them with the mask turned round.
    let sight = sight_of(unit, begin, end, params.after, params.before);
    let seen = row_sight_of(row, begin, end, params.after, params.before);
    for (var base = sight.begin; base < sight.end; base += TILE) {
      let size = min(TILE, end - base);
      let blocks = (size + 3u) / 4u;
      workgroupBarrier();
      for (var i = lane; i < blocks * 4u * D4; i += LANES) {
        let at = head_base(min(base + i / D4, end - 1u), head, heads) + i % D4;
        tile_q[i] = q[at];
        tile_d[i] = d_out[at];
      }
      workgroupBarrier();
      var scores: array<vec4f, BLOCKS>;
      var d_weights: array<vec4f, BLOCKS>;
      if (mine) {
        for (var b = 0u; b < blocks; b++) {
          var s = vec4f(0.0);
          var d = vec4f(0.0);
          for (var c = 0u; c < SLICE; c++) {
            let x = key[c];
            let g = value[c];
            let at = part * SLICE + c;
            s += vec4f(
              dot(x, tile_q[(b * 4u) * D4 + at]),
              dot(x, tile_q[(b * 4u + 1u) * D4 + at]),
              dot(x, tile_q[(b * 4u + 2u) * D4 + at]),
              dot(x, tile_q[(b * 4u + 3u) * D4 + at]));
            d += vec4f(
              dot(g, tile_d[(b * 4u) * D4 + at]),
              dot(g, tile_d[(b * 4u + 1u) * D4 + at]),
              dot(g, tile_d[(b * 4u + 2u) * D4 + at]),
              dot(g, tile_d[(b * 4u + 3u) * D4 + at]));
          }
          if (PARTS > 1u) {
            partial[b * LANES + lane] = s;
            partial[(BLOCKS + b) * LANES + lane] = d;
          } else {
            scores[b] = s;
            d_weights[b] = d;
          }
        }
      }
      if (PARTS > 1u) { workgroupBarrier(); }
      if (mine) {
        for (var b = 0u; b < blocks; b++) {
          var s = scores[b];
          var d = d_weights[b];
          if (PARTS > 1u) {
            s = vec4f(0.0);
            d = vec4f(0.0);
            for (var other = 0u; other < PARTS; other++) {
              s += partial[b * LANES + lane - part + other];
              d += partial[(BLOCKS + b) * LANES + lane - part + other];
            }
          }
          let i0 = info_at(base, b * 4u, end - 1u, head);
          let i1 = info_at(base, b * 4u + 1u, end - 1u, head);
          let i2 = info_at(base, b * 4u + 2u, end - 1u, head);
          let i3 = info_at(base, b * 4u + 3u, end - 1u, head);
          let row_log_sum_exp = bitcast<vec4f>(vec4u(i0.x, i1.x, i2.x, i3.x));
          let delta = bitcast<vec4f>(vec4u(i0.y, i1.y, i2.y, i3.y));
          var inside = vec4u(b * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(size);
          if (MASKED) { inside = inside & four_seen(base + b * 4u, seen.first, seen.stop); }
          let p = select(vec4f(0.0), exp(s - row_log_sum_exp), inside);
          if (DROPOUT) {
            // All rows of a text share its key.
            let query = base - begin + b * 4u;
            let factors = vec4f(
              dropout_factor(i0.zw, query, row - begin, params.threshold, params.keep_scale),
              dropout_factor(i0.zw, query + 1u, row - begin, params.threshold, params.keep_scale),
              dropout_factor(i0.zw, query + 2u, row - begin, params.threshold, params.keep_scale),
              dropout_factor(i0.zw, query + 3u, row - begin, params.threshold, params.keep_scale));
            d *= factors;
            scores[b] = p * factors;
          } else {
            scores[b] = p;
          }
          d_weights[b] = p * (d - delta) * params.scale;
        }
        for (var c = 0u; c < SLICE; c++) {
          let at = part * SLICE + c;
          var a_key = d_key[c];
          var a_value = d_value[c];
          for (var b = 0u; b < blocks; b++) {
            let p = scores[b];
            let ds = d_weights[b];
            a_value += p.x * tile_d[(b * 4u) * D4 + at]
              + p.y * tile_d[(b * 4u + 1u) * D4 + at]
              + p.z * tile_d[(b * 4u + 2u) * D4 + at]
              + p.w * tile_d[(b * 4u + 3u) * D4 + at];
            a_key += ds.x * tile_q[(b * 4u) * D4 + at]
              + ds.y * tile_q[(b * 4u + 1u) * D4 + at]
              + ds.z * tile_q[(b * 4u + 2u) * D4 + at]
              + ds.w * tile_q[(b * 4u + 3u) * D4 + at];
          }
          d_key[c] = a_key;
          d_value[c] = a_value;
        }
      }
    }
    begin = end;
    text++;
  }
  if (row >= params.tokens) { return; }
  for (var c = 0u; c < SLICE; c++) {
    d_k[own + c] = d_key[c];
    d_v[own + c] = d_value[c];
  }
}
