// The row form: one lane keeps the best so far in a heap, the worst of them on top. Candidates stand in ascending
// row order wherever scores are equal, so a later one has to beat the top; most are compared with it and no more,
// four elements at a time.
const TOGETHER: u32 = 4u;

var<workgroup> kept_keys: array<u32, CAPACITY>;
var<workgroup> kept_rows: array<u32, CAPACITY>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let job = group.x + group.y * groups.x;
  if (job >= params.queries * params.segments) {
    return;
  }
  let query = job / params.segments;
  let segment = job % params.segments;
  let begin = segment * params.segment_length;
  let count = min(params.segment_length, params.width - begin);
  let start = query * params.in_pitch + params.in_offset + begin;
  var kept = 0u;
  var top = 0.0;
  let elements = count / ELEMENT_WIDTH;
  let first = start / ELEMENT_WIDTH;
  for (var element = 0u; element < elements; element++) {
    if (kept == params.k && element % TOGETHER == 0u) {
      while (element + TOGETHER <= elements && !any_of_four_beats(top, first + element)) {
        element += TOGETHER;
      }
      if (element >= elements) {
        break;
      }
    }
    let scores = in_scores[first + element];
    if (kept == params.k && !any(scores > Element(top))) {
      continue;
    }
    let at = element * ELEMENT_WIDTH;
    for (var place = 0u; place < ELEMENT_WIDTH; place++) {
      let key = key_of(number(scores, place));
      let candidate = start + at + place;
      if (key == 0u || is_empty(candidate)) {
        continue;
      }
      let row = in_rows_or_position(candidate, begin + at + place);
      if (kept < params.k) {
        rise(kept, key, row);
        kept += 1u;
      } else if (key > kept_keys[0]) {
        sink(kept, key, row);
      }
    }
    if (kept == params.k) {
      top = score_of(kept_keys[0]);
    }
  }
  sort_kept(kept);
  let out = query * params.out_pitch + params.out_offset + segment * params.k;
  for (var slot = 0u; slot < params.k; slot++) {
    let is_kept = slot < kept;
    out_scores[out + slot] = score_of(select(0u, kept_keys[slot], is_kept));
    out_rows[out + slot] = select(NO_ROW, kept_rows[slot], is_kept);
  }
}

fn any_of_four_beats(top: f32, first: u32) -> bool {
  let bound = Element(top);
  let low = (in_scores[first] > bound) | (in_scores[first + 1u] > bound);
  let high = (in_scores[first + 2u] > bound) | (in_scores[first + 3u] > bound);
  return any(low | high);
}

// True if what stands in slot `a` ranks behind key and row.
fn is_worse(a: u32, key: u32, row: u32) -> bool {
  return kept_keys[a] < key || (kept_keys[a] == key && kept_rows[a] > row);
}

fn put(slot: u32, key: u32, row: u32) {
  kept_keys[slot] = key;
  kept_rows[slot] = row;
}

// Puts a candidate into the free slot at the heap's end and lets it rise.
fn rise(end: u32, key: u32, row: u32) {
  var slot = end;
  while (slot > 0u) {
    let parent = (slot - 1u) / 2u;
    if (is_worse(parent, key, row)) {
      break;
    }
    put(slot, kept_keys[parent], kept_rows[parent]);
    slot = parent;
  }
  put(slot, key, row);
}

// Puts a candidate in the place of the top of a heap of `size` and lets it sink.
fn sink(size: u32, key: u32, row: u32) {
  var slot = 0u;
  loop {
    var child = 2u * slot + 1u;
    if (child >= size) {
      break;
    }
    if (child + 1u < size && is_worse(child + 1u, kept_keys[child], kept_rows[child])) {
      child += 1u;
    }
    if (!is_worse(child, key, row)) {
      break;
    }
    put(slot, kept_keys[child], kept_rows[child]);
    slot = child;
  }
  put(slot, key, row);
}

// The heap becomes the list, best first.
fn sort_kept(kept: u32) {
  for (var size = kept; size > 1u; size--) {
    let last = size - 1u;
    let key = kept_keys[last];
    let row = kept_rows[last];
    put(last, kept_keys[0], kept_rows[0]);
    sink(last, key, row);
  }
}
