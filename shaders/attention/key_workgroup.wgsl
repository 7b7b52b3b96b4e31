// The workgroup form: the mirror of query_workgroup.wgsl.

// Of every block of four queries: the lanes' parts of q k, then of dOut v.
var<workgroup> partial: array<vec4f, select(1u, 2u * BLOCKS * LANES, PARTS > 1u)>;

fn info_at(base: u32, i: u32, last: u32, head: u32) -> vec4u {
  return rows[min(base + i, last) * params.heads + head];
}

// Copies the queries and their gradients of a tile into workgroup memory; past the text's end its last row again.
fn load_tiles(lane: u32, base: u32, end: u32, blocks: u32, head: u32) {
  for (var i = lane; i < blocks * 4u * D4; i += LANES) {
    let at = head_base(min(base + i / D4, end - 1u), head, params.heads) + i % D4;
    tile_a[i] = q[at];
    tile_b[i] = d_out[at];
  }
}

// What the forward pass kept of a block's queries: log-sum-exp and delta of each, and the dropout key of their text.
struct BlockRows { log_sum_exp: vec4f, delta: vec4f, dropout_key: vec2u }

fn block_rows(base: u32, block: u32, last: u32, head: u32) -> BlockRows {
  let i0 = info_at(base, block * 4u, last, head);
  let i1 = info_at(base, block * 4u + 1u, last, head);
  let i2 = info_at(base, block * 4u + 2u, last, head);
  let i3 = info_at(base, block * 4u + 3u, last, head);
  let log_sum_exp = bitcast<vec4f>(vec4u(i0.x, i1.x, i2.x, i3.x));
  return BlockRows(log_sum_exp, bitcast<vec4f>(vec4u(i0.y, i1.y, i2.y, i3.y)), i0.zw);
}

// Dropout factors of a block's queries for one key; `query` and `key` count from the text's begin.
fn block_factors(dropout_key: vec2u, query: u32, key: u32) -> vec4f {
  return vec4f(
    dropout_factor(dropout_key, query, key, params.threshold, params.keep_scale),
    dropout_factor(dropout_key, query + 1u, key, params.threshold, params.keep_scale),
    dropout_factor(dropout_key, query + 2u, key, params.threshold, params.keep_scale),
    dropout_factor(dropout_key, query + 3u, key, params.threshold, params.keep_scale));
}

// Adds the blocks of a tile to the gradients of a key and its value, in their order.
fn add_blocks(
  d_key: ptr<function, array<vec4f, SLICE>>,
  d_value: ptr<function, array<vec4f, SLICE>>,
  d_scores: ptr<function, array<vec4f, BLOCKS>>,
  weights: ptr<function, array<vec4f, BLOCKS>>,
  blocks: u32,
  part: u32,
) {
  for (var c = 0u; c < SLICE; c++) {
    var a_key = (*d_key)[c];
    var a_value = (*d_value)[c];
    for (var b = 0u; b < blocks; b++) {
      a_value += weighted_b((*weights)[b], b, part * SLICE + c);
      a_key += weighted_a((*d_scores)[b], b, part * SLICE + c);
    }
    (*d_key)[c] = a_key;
    (*d_value)[c] = a_value;
  }
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
      load_tiles(lane, base, end, blocks, head);
      workgroupBarrier();
      var scores: array<vec4f, BLOCKS>;
      var d_weights: array<vec4f, BLOCKS>;
      if (mine) {
        for (var b = 0u; b < blocks; b++) {
          let own_part = products(&key, &value, b, part);
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
          let kept = block_rows(base, b, end - 1u, head);
          let p = select(vec4f(0.0), exp(s - kept.log_sum_exp), inside_of(b, size, base, seen));
          scores[b] = p;
          if (DROPOUT) {
            let factors = block_factors(kept.dropout_key, base - begin + b * 4u, row - begin);
            d *= factors;
            scores[b] = p * factors;
          }
          d_weights[b] = p * (d - kept.delta) * params.scale;
        }
        add_blocks(&d_key, &d_value, &d_weights, &scores, blocks, part);
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
