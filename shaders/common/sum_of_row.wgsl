// Sum over a row, for the row form, in which a lane owns a row: of term(begin, c), which the kernel has, for every
// element c of the row that begins at `begin`. Four sums, of every fourth element each, so that four additions are
// under way at a time; the order depends on the width only. `width` counts elements.
fn sum_of_row(begin: u32, width: u32) -> f32 {
  let fours = width / 4u * 4u;
  var p = Element();
  var q = Element();
  var r = Element();
  var s = Element();
  for (var c = 0u; c < fours; c += 4u) {
    p += term(begin, c);
    q += term(begin, c + 1u);
    r += term(begin, c + 2u);
    s += term(begin, c + 3u);
  }
  for (var c = fours; c < width; c++) { p += term(begin, c); }
  return sum_of((p + q) + (r + s));
}
