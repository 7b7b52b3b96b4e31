// What the attention kernels for GPUs share. A workgroup owns ROWS consecutive packed tokens of one head and walks over
// the texts that these tokens belong to, each text from its own first token in tiles of TILE tokens. So the order of
// every sum is fixed by the text and the header alone: a text's bits do not depend on where it lies in the batch.
//
// PARTS adjacent lanes share a row: each holds SLICE vec4 of the head's D channels, and their partial dot products are
// added in lane order through workgroup memory. The tile's rows are copied into workgroup memory first.
//
// Header: const D, ROWS, PARTS, TILE: u32; DROPOUT, MASKED, GROUPED: bool. TILE is a multiple of 4.
const D4 = D / 4u;
const SLICE = D4 / PARTS;
const LANES = ROWS * PARTS;
const BLOCKS = TILE / 4u;
const LOWEST = -3.40282e38;

// The text of a packed token: the last one that begins at or before it. `texts` >= 1.
fn text_of(token: u32, texts: u32) -> u32 {
  var low = 0u;
  var high = texts;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (cumulative[middle] <= token) { low = middle; } else { high = middle; }
  }
  return low;
}

// Rows [first_row, end_row) of one head: what a workgroup owns. Uniform, as the barriers want it, so nothing of a
// lane's own is in it.
struct Unit { head: u32, first_row: u32, end_row: u32 }

fn unit_of(group: vec3u, count: vec3u) -> Unit {
  let index = workgroup_index(group, count);
  let first_row = index / params.heads * ROWS;
  return Unit(index % params.heads, first_row, min(first_row + ROWS, params.tokens));
}

// What a unit's rows of a text that spans [begin, end) see together; `begin` is where a tile begins.
struct Sight { begin: u32, end: u32 }

fn sight_of(unit: Unit, begin: u32, end: u32, before: u32, after: u32) -> Sight {
  if (!MASKED) { return Sight(begin, end); }
  let first_seen = seen_from(begin, max(unit.first_row, begin), before);
  return Sight(begin + (first_seen - begin) / TILE * TILE, seen_to(end, min(unit.end_row, end) - 1u, after));
}

// What one of these rows sees, [first, stop); used only if MASKED.
struct RowSight { first: u32, stop: u32 }

fn row_sight_of(row: u32, begin: u32, end: u32, before: u32, after: u32) -> RowSight {
  if (!MASKED || row < begin || row >= end) { return RowSight(begin, end); }
  return RowSight(seen_from(begin, row, before), seen_to(end, row, after));
}

// Where a token's channels of one head begin, in vec4.
fn head_base(token: u32, head: u32, heads: u32) -> u32 {
  return (token * heads + head) * D4;
}
