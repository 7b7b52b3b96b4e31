// The lanes of a workgroup select together. Exact: a radix select finds the k-th score, a second one over positions
// shares out its ties (candidates stand in ascending row order wherever scores are equal), a bitonic sort orders
// what was kept. Integer atomics only, so the result is always the same.
const DIGITS: u32 = 256u;

var<workgroup> histogram: array<atomic<u32>, DIGITS>;
var<workgroup> chosen: Choice;
var<workgroup> filled: atomic<u32>;
var<workgroup> kept_keys: array<u32, CAPACITY>;
var<workgroup> kept_rows: array<u32, CAPACITY>;

// A digit of the radix, how many candidates have it, and how many come before those.
struct Choice {
  digit: u32,
  count: u32,
  before: u32,
}

fn key_at(at: u32) -> u32 {
  if (is_empty(at)) {
    return 0u;
  }
  return key_of(in_scores[at]);
}

fn clear_histogram(lane: u32) {
  for (var digit = lane; digit < DIGITS; digit += LANES) {
    atomicStore(&histogram[digit], 0u);
  }
  wait_for_lanes();
}

// The digit in which the `needed`-th candidate falls, counted from the largest digit or from the smallest.
fn choose_digit(lane: u32, needed: u32, from_largest: bool) -> Choice {
  wait_for_lanes();
  if (lane == 0u) {
    var before = 0u;
    for (var step = 0u; step < DIGITS; step++) {
      let digit = select(step, DIGITS - 1u - step, from_largest);
      let count = atomicLoad(&histogram[digit]);
      if (before + count >= needed) {
        chosen = Choice(digit, count, before);
        break;
      }
      before += count;
    }
  }
  return workgroupUniformLoad(&chosen);
}

// The k-th largest key among `count` candidates from `start` on, and the last position kept of those equal to it.
struct Cut {
  threshold: u32,
  last_tie: u32,
}

fn cut_of(lane: u32, start: u32, count: u32) -> Cut {
  if (count <= params.k) {
    return Cut(0u, NO_ROW);
  }
  var threshold = 0u;
  var needed = params.k;
  var mask = 0u;
  var ties = 0u;
  for (var pass_left = 4u; pass_left > 0u; pass_left--) {
    let shift = (pass_left - 1u) * 8u;
    clear_histogram(lane);
    for (var at = lane; at < count; at += LANES) {
      let key = key_at(start + at);
      if ((key & mask) == threshold) {
        atomicAdd(&histogram[(key >> shift) & 255u], 1u);
      }
    }
    let choice = choose_digit(lane, needed, true);
    threshold |= choice.digit << shift;
    needed -= choice.before;
    ties = choice.count;
    mask |= 255u << shift;
  }
  if (ties <= needed) {
    return Cut(threshold, NO_ROW);
  }
  return Cut(threshold, last_tie_of(lane, start, count, threshold, needed));
}

// The position of the `needed`-th candidate whose key is the threshold.
fn last_tie_of(lane: u32, start: u32, count: u32, threshold: u32, ties_needed: u32) -> u32 {
  var last_tie = 0u;
  var needed = ties_needed;
  var mask = 0u;
  for (var pass_left = 3u; pass_left > 0u; pass_left--) {
    let shift = (pass_left - 1u) * 8u;
    clear_histogram(lane);
    for (var at = lane; at < count; at += LANES) {
      if ((at & mask) == last_tie && key_at(start + at) == threshold) {
        atomicAdd(&histogram[(at >> shift) & 255u], 1u);
      }
    }
    let choice = choose_digit(lane, needed, false);
    last_tie |= choice.digit << shift;
    needed -= choice.before;
    mask |= 255u << shift;
  }
  return last_tie;
}

// Collects the candidates on the right side of the cut, in no particular order.
fn keep(lane: u32, start: u32, begin: u32, count: u32, cut: Cut) {
  if (lane == 0u) {
    atomicStore(&filled, 0u);
  }
  for (var slot = lane; slot < params.sort_size; slot += LANES) {
    kept_keys[slot] = 0u;
    kept_rows[slot] = NO_ROW;
  }
  wait_for_lanes();
  for (var at = lane; at < count; at += LANES) {
    let key = key_at(start + at);
    if (key != 0u && (key > cut.threshold || (key == cut.threshold && at <= cut.last_tie))) {
      let slot = atomicAdd(&filled, 1u);
      kept_keys[slot] = key;
      kept_rows[slot] = in_rows_or_position(start + at, begin + at);
    }
  }
  wait_for_lanes();
}

// Bitonic sort of what was kept.
fn sort_kept(lane: u32) {
  for (var run = 2u; run <= params.sort_size; run *= 2u) {
    for (var stride = run / 2u; stride > 0u; stride /= 2u) {
      for (var left = lane; left < params.sort_size; left += LANES) {
        let right = left ^ stride;
        if (right > left) {
          let reversed = (left & run) != 0u;
          let in_order = kept_keys[left] > kept_keys[right] ||
            (kept_keys[left] == kept_keys[right] && kept_rows[left] < kept_rows[right]);
          if (in_order == reversed) {
            let key = kept_keys[left];
            let row = kept_rows[left];
            kept_keys[left] = kept_keys[right];
            kept_rows[left] = kept_rows[right];
            kept_keys[right] = key;
            kept_rows[right] = row;
          }
        }
      }
      wait_for_lanes();
    }
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = group.x + group.y * groups.x;
  if (job >= params.queries * params.segments) {
    return;
  }
  let query = job / params.segments;
  let segment = job % params.segments;
  let begin = segment * params.segment_length;
  let count = min(params.segment_length, params.width - begin);
  let start = query * params.in_pitch + params.in_offset + begin;
  keep(lane, start, begin, count, cut_of(lane, start, count));
  sort_kept(lane);
  let out = query * params.out_pitch + params.out_offset + segment * params.k;
  for (var slot = lane; slot < params.k; slot += LANES) {
    out_scores[out + slot] = score_of(kept_keys[slot]);
    out_rows[out + slot] = kept_rows[slot];
  }
}
