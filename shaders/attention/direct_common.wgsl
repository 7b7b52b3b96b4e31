// What the attention kernels for software adapters share: no workgroup memory and no barriers, because a CPU's caches do
// that work better; each lane owns four rows and works on four keys at a time as 4 x 4 matrices, so that a loaded value
// is used four times.
//
// A workgroup owns one block of ROWS rows of one text and one head. Text b's blocks have the slots from
// cumulative[b] / ROWS + b on: consecutive texts never overlap there, at most one slot a text stays empty, and no list of
// blocks has to be made. Rows past the text's end repeat its last row and are not written.
//
// Loops over a head's channels end at `params.quads`, which is D4 in a form that no compiler can see: drivers on LLVM unroll
// constant loops whole, and these bodies then take minutes to compile.
//
// Header: const D, LANES: u32; DROPOUT: bool.
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

// Columns at and behind `count` become zero.
fn keep_columns(m: mat4x4f, count: u32) -> mat4x4f {
  return mat4x4f(
    m[0],
    select(vec4f(0.0), m[1], count > 1u),
    select(vec4f(0.0), m[2], count > 2u),
    select(vec4f(0.0), m[3], count > 3u));
}

fn exp4(m: mat4x4f) -> mat4x4f {
  return mat4x4f(exp(m[0]), exp(m[1]), exp(m[2]), exp(m[3]));
}

fn multiply_elements(a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]);
}
