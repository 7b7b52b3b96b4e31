// The row form: tiles of KEYS keys, and three passes over a tile: scores, weights, values. What a pass leaves stands in
// memory of the lane, so that the sums of each have the registers to themselves. A score is the sum of two, which the
// backward kernels add up in another order: they differ by rounding.
const KEYS = 64u;

// Transposed: a column is a channel, a component one of the four rows.
var<private> query: array<mat4x4f, D4>;
// Scores, then weights: a vector for each key of the tile, a component for each of the four rows.
var<private> weights: array<vec4f, KEYS>;
// A column is a row of the output.
var<private> acc: array<mat4x4f, D4>;

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
  for (var c = 0u; c < quads; c++) {
    query[c] = transpose(mat4x4f(q[own.x + c], q[own.y + c], q[own.z + c], q[own.w + c])) * params.scale;
    acc[c] = mat4x4f();
  }
  var key = vec2u(0u);
  if (DROPOUT) { key = threefry2x32(vec2u(params.seed, params.stream), vec2u(sample_of_token[begin], head)); }

  var top = vec4f(LOWEST);
  var sum = vec4f(0.0);
  let sight = sight_of(unit.tokens, begin, end, params.before, params.after);
  for (var tile = begin + (sight.begin - begin) / KEYS * KEYS; tile < sight.end; tile += KEYS) {
    let keys = min(KEYS, sight.end - tile);
    let grown = max(top, score_keys(tile, keys, end, key_head, sight));
    let shrink = exp(top - grown);
    top = grown;
    sum = sum * shrink + weigh_keys(tile, keys, top, sight);
    if (DROPOUT) { drop_keys(keys, key, unit.tokens - begin, (tile - begin) / 4u); }
    add_values((tile * key_heads() + key_head) * D4, keys, shrink);
  }
  for (var i = 0u; i < 4u; i++) {
    if (row + i < end) {
      for (var c = 0u; c < quads; c++) { out[own[i] + c] = acc[c][i] / sum[i]; }
      log_sum_exp[(row + i) * heads + head] = top[i] + log(sum[i]);
    }
  }
}

// Scores of the tile's keys, and the largest of each row. Four keys at a time: those past the end repeat the last one,
// so the largest stays true.
fn score_keys(tile: u32, keys: u32, end: u32, key_head: u32, sight: Sight) -> vec4f {
  var largest = vec4f(LOWEST);
  for (var j = 0u; j < keys; j += 4u) {
    let at = head_bases(four_tokens(tile + j, end), key_head, key_heads());
    // Two sums a key, so that eight are under way at once, and two channels a turn, which the registers hold.
    var even = mat4x4f();
    var odd = mat4x4f();
    for (var c = 0u; c < params.quads; c++) {
      let first = query[c][0];
      let second = query[c][1];
      even[0] += first * k[at.x + c].x;
      even[1] += first * k[at.y + c].x;
      even[2] += first * k[at.z + c].x;
      even[3] += first * k[at.w + c].x;
      odd[0] += second * k[at.x + c].y;
      odd[1] += second * k[at.y + c].y;
      odd[2] += second * k[at.z + c].y;
      odd[3] += second * k[at.w + c].y;
    }
    for (var c = 0u; c < params.quads; c++) {
      let first = query[c][2];
      let second = query[c][3];
      even[0] += first * k[at.x + c].z;
      even[1] += first * k[at.y + c].z;
      even[2] += first * k[at.z + c].z;
      even[3] += first * k[at.w + c].z;
      odd[0] += second * k[at.x + c].w;
      odd[1] += second * k[at.y + c].w;
      odd[2] += second * k[at.z + c].w;
      odd[3] += second * k[at.w + c].w;
    }
    var s = even + odd;
    if (MASKED) { s = hide_unseen(s, tile + j, sight.first, sight.stop, LOWEST); }
    largest = max(largest, max(max(s[0], s[1]), max(s[2], s[3])));
    weights[j] = s[0];
    weights[j + 1u] = s[1];
    weights[j + 2u] = s[2];
    weights[j + 3u] = s[3];
  }
  return largest;
}

// Scores become weights under the rows' largest scores so far; returns the sums of the rows.
fn weigh_keys(tile: u32, keys: u32, top: vec4f, sight: Sight) -> vec4f {
  var sum = vec4f(0.0);
  for (var j = 0u; j < keys; j++) {
    var p = exp(weights[j] - top);
    if (MASKED) {
      let token = vec4u(tile + j);
      p = select(vec4f(0.0), p, (token >= sight.first) & (token < sight.stop));
    }
    sum += p;
    weights[j] = p;
  }
  return sum;
}

// Drops weights; the tile's first four keys are the first_block-th four of their text.
fn drop_keys(keys: u32, key: vec2u, position: vec4u, first_block: u32) {
  for (var j = 0u; j < keys; j += 4u) {
    let factors = key_factors(key, position, first_block + j / 4u);
    weights[j] *= factors[0];
    weights[j + 1u] *= factors[1];
    weights[j + 2u] *= factors[2];
    weights[j + 3u] *= factors[3];
  }
}

// Adds the weighted values of the tile's keys, whose first begins at first_key, eight channels at a time.
fn add_values(first_key: u32, keys: u32, shrink: vec4f) {
  let width = key_heads() * D4;
  for (var c = 0u; c < params.quads; c += 2u) {
    let a = acc[c];
    let b = acc[c + 1u];
    var a0 = a[0] * shrink.x;
    var a1 = a[1] * shrink.y;
    var a2 = a[2] * shrink.z;
    var a3 = a[3] * shrink.w;
    var b0 = b[0] * shrink.x;
    var b1 = b[1] * shrink.y;
    var b2 = b[2] * shrink.z;
    var b3 = b[3] * shrink.w;
    var at = first_key + c;
    for (var j = 0u; j < keys; j++) {
      let low = v[at];
      let high = v[at + 1u];
      at += width;
      let p0 = vec4f(weights[j].x);
      a0 += p0 * low;
      b0 += p0 * high;
      let p1 = vec4f(weights[j].y);
      a1 += p1 * low;
      b1 += p1 * high;
      let p2 = vec4f(weights[j].z);
      a2 += p2 * low;
      b2 += p2 * high;
      let p3 = vec4f(weights[j].w);
      a3 += p3 * low;
      b3 += p3 * high;
    }
    acc[c] = mat4x4f(a0, a1, a2, a3);
    acc[c + 1u] = mat4x4f(b0, b1, b2, b3);
  }
}
