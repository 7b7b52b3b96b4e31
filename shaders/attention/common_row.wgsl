// What the attention kernels of the row form share: no workgroup memory and no barriers, because a CPU's caches do
// that work better; each lane owns four rows and works on four keys at a time as 4 x 4 matrices, so that a loaded value
// is used four times.
//
// A workgroup owns one block of ROWS rows of one text and one head. Text b's blocks have the slots from
// cumulative[b] / ROWS + b on: consecutive texts never overlap there, at most one slot a text stays empty, and no list
// of blocks has to be made. Rows past the text's end repeat its last row and are not written.
//
// Loops over a head's channels end at `params.quads`, which is D4 in a form that no compiler can see: drivers on LLVM
// unroll constant loops whole, and these bodies then take minutes to compile.
//
// Header: const D, LANES: u32; DROPOUT, MASKED, GROUPED: bool.
const D4 = D / 4u;
const ROWS = LANES * 4u;
const LOWEST = -3.40282e38;

struct Block {
  // The text's tokens, in the batch.
  begin: u32,
  end: u32,
  // First row of the block; not below `end` if the slot is empty.
  first: u32,
}

fn block_at(slot: u32, texts: u32) -> Block {
  var low = 0u;
  var high = texts;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (cumulative[middle] / ROWS + middle <= slot) { low = middle; } else { high = middle; }
  }
  let begin = cumulative[low];
  return Block(begin, cumulative[low + 1u], begin + (slot - begin / ROWS - low) * ROWS);
}

// Four consecutive tokens from `token` on, none past the text's last.
fn four_tokens(token: u32, end: u32) -> vec4u {
  return min(vec4u(token, token + 1u, token + 2u, token + 3u), vec4u(end - 1u));
}

// Where the tokens' channels of one head begin, in vec4.
fn head_bases(tokens: vec4u, head: u32, heads: u32) -> vec4u {
  return (tokens * heads + head) * D4;
}

// What a lane works on: four rows of a block of one text and one head.
struct Unit {
  head: u32,
  // The text's tokens, in the batch.
  begin: u32,
  end: u32,
  // True if the block's slot is empty: there is nothing to do.
  empty: bool,
  // The first of the four rows.
  row: u32,
  // The rows' tokens, none past the text's last, and where their channels begin.
  tokens: vec4u,
  own: vec4u,
}

fn unit_of(group: vec3u, count: vec3u, lane: u32) -> Unit {
  let index = workgroup_index(group, count);
  let head = index % params.heads;
  let block = block_at(index / params.heads, params.texts);
  let row = block.first + lane * 4u;
  let tokens = four_tokens(row, block.end);
  let own = head_bases(tokens, head, params.heads);
  return Unit(head, block.begin, block.end, block.first >= block.end, row, tokens, own);
}

// Dropout factors (dropout.wgsl) of four query rows, at these positions of their text, and the j-th four keys: a column
// is a key, a component a row.
fn key_factors(key: vec2u, position: vec4u, j: u32) -> mat4x4f {
  return factors_of_bits(threefry2x32_four(key, position, vec4u(j)), params.threshold, params.keep_scale);
}

// Columns at and behind `count` become zero.
fn keep_columns(m: mat4x4f, count: u32) -> mat4x4f {
  return mat4x4f(
    m[0],
    select(vec4f(0.0), m[1], count > 1u),
    select(vec4f(0.0), m[2], count > 2u),
    select(vec4f(0.0), m[3], count > 3u));
}

// Of column i, token base + i: what stands in a row that does not see it becomes `hidden`. Rows see [first, stop).
fn hide_unseen(m: mat4x4f, base: u32, first: vec4u, stop: vec4u, hidden: f32) -> mat4x4f {
  let none = vec4f(hidden);
  return mat4x4f(
    select(none, m[0], (vec4u(base) >= first) & (vec4u(base) < stop)),
    select(none, m[1], (vec4u(base + 1u) >= first) & (vec4u(base + 1u) < stop)),
    select(none, m[2], (vec4u(base + 2u) >= first) & (vec4u(base + 2u) < stop)),
    select(none, m[3], (vec4u(base + 3u) >= first) & (vec4u(base + 3u) < stop)));
}

// What a lane's four rows see, each (only if MASKED) and together; `begin` is where a tile of four begins.
struct Sight {
  first: vec4u,
  stop: vec4u,
  begin: u32,
  end: u32,
}

fn sight_of(tokens: vec4u, begin: u32, end: u32, before: u32, after: u32) -> Sight {
  if (!MASKED) { return Sight(vec4u(), vec4u(), begin, end); }
  let first = vec4u(
    seen_from(begin, tokens.x, before), seen_from(begin, tokens.y, before),
    seen_from(begin, tokens.z, before), seen_from(begin, tokens.w, before));
  let stop = vec4u(
    seen_to(end, tokens.x, after), seen_to(end, tokens.y, after),
    seen_to(end, tokens.z, after), seen_to(end, tokens.w, after));
  return Sight(first, stop, begin + (first.x - begin) / 4u * 4u, stop.w);
}

fn exp4(m: mat4x4f) -> mat4x4f {
  return mat4x4f(exp(m[0]), exp(m[1]), exp(m[2]), exp(m[3]));
}

fn multiply_elements(a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]);
}
