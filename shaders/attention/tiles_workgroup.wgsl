// The tiles of the workgroup form, and what every kernel computes with them. The forward and the query kernel hold keys
// in tile_a and values in tile_b, the key kernel queries and gradients of the output. A block is four rows of a tile.
// Each kernel declares `partial`: for every block the lanes' parts of its dot products.

var<workgroup> tile_a: array<vec4f, TILE * D4>;
var<workgroup> tile_b: array<vec4f, TILE * D4>;

// Products of one vec4 with the same channels `at` of a block's rows.
fn dots_a(x: vec4f, block: u32, at: u32) -> vec4f {
  return vec4f(
    dot(x, tile_a[(block * 4u) * D4 + at]),
    dot(x, tile_a[(block * 4u + 1u) * D4 + at]),
    dot(x, tile_a[(block * 4u + 2u) * D4 + at]),
    dot(x, tile_a[(block * 4u + 3u) * D4 + at]));
}

fn dots_b(x: vec4f, block: u32, at: u32) -> vec4f {
  return vec4f(
    dot(x, tile_b[(block * 4u) * D4 + at]),
    dot(x, tile_b[(block * 4u + 1u) * D4 + at]),
    dot(x, tile_b[(block * 4u + 2u) * D4 + at]),
    dot(x, tile_b[(block * 4u + 3u) * D4 + at]));
}

// A lane's parts of the products of its row with a block: `s` with tile_a, `d` with tile_b.
struct Products { s: vec4f, d: vec4f }

fn products(
  own_a: ptr<function, array<vec4f, SLICE>>,
  own_b: ptr<function, array<vec4f, SLICE>>,
  block: u32,
  part: u32,
) -> Products {
  var s = vec4f(0.0);
  var d = vec4f(0.0);
  for (var c = 0u; c < SLICE; c++) {
    s += dots_a((*own_a)[c], block, part * SLICE + c);
    d += dots_b((*own_b)[c], block, part * SLICE + c);
  }
  return Products(s, d);
}

// The sum of a block's rows, channels `at`, each by its weight.
fn weighted_a(weights: vec4f, block: u32, at: u32) -> vec4f {
  return weights.x * tile_a[(block * 4u) * D4 + at]
    + weights.y * tile_a[(block * 4u + 1u) * D4 + at]
    + weights.z * tile_a[(block * 4u + 2u) * D4 + at]
    + weights.w * tile_a[(block * 4u + 3u) * D4 + at];
}

fn weighted_b(weights: vec4f, block: u32, at: u32) -> vec4f {
  return weights.x * tile_b[(block * 4u) * D4 + at]
    + weights.y * tile_b[(block * 4u + 1u) * D4 + at]
    + weights.z * tile_b[(block * 4u + 2u) * D4 + at]
    + weights.w * tile_b[(block * 4u + 3u) * D4 + at];
}

// The parts of a row's lanes added in lane order; `first` is where the first lane's part stands.
fn added_parts(first: u32) -> vec4f {
  var sum = vec4f(0.0);
  for (var other = 0u; other < PARTS; other++) { sum += partial[first + other]; }
  return sum;
}

// Which rows of a block count: those before the tile's end that are seen. The last block may reach past the text's
// end.
fn inside_of(block: u32, size: u32, base: u32, seen: RowSight) -> vec4<bool> {
  let inside = vec4u(block * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(size);
  if (!MASKED) { return inside; }
  return inside & four_seen(base + block * 4u, seen.first, seen.stop);
}
