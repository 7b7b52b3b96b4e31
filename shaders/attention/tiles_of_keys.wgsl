// The tiles of the forward and the query kernel, workgroup form.

// Copies the keys and values of a tile into workgroup memory; past the text's end its last row again.
fn load_tiles(lane: u32, base: u32, end: u32, blocks: u32, key_head: u32) {
  for (var i = lane; i < blocks * 4u * D4; i += LANES) {
    let at = head_base(min(base + i / D4, end - 1u), key_head, key_heads()) + i % D4;
    tile_a[i] = k[at];
    tile_b[i] = v[at];
  }
}
