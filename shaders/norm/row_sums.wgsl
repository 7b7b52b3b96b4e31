// Sums over a row of x, for the row form: a lane owns a row. Each keeps four sums, of every fourth element each, so that
// four additions are under way at a time; the order depends on the width only. `width` counts elements.
fn sum_of_row(begin: u32, width: u32) -> f32 {
  let fours = begin + width / 4u * 4u;
  var a = Element();
  var b = Element();
  var c = Element();
  var d = Element();
  for (var at = begin; at < fours; at += 4u) {
    a += x[at];
    b += x[at + 1u];
    c += x[at + 2u];
    d += x[at + 3u];
  }
  for (var at = fours; at < begin + width; at++) {
    a += x[at];
  }
  return sum_of((a + b) + (c + d));
}

// Sum of (x - center)^2.
fn squares_around(center: f32, begin: u32, width: u32) -> f32 {
  let fours = begin + width / 4u * 4u;
  var a = Element();
  var b = Element();
  var c = Element();
  var d = Element();
  for (var at = begin; at < fours; at += 4u) {
    let p = x[at] - center;
    let q = x[at + 1u] - center;
    let r = x[at + 2u] - center;
    let s = x[at + 3u] - center;
    a += p * p;
    b += q * q;
    c += r * r;
    d += s * s;
  }
  for (var at = fours; at < begin + width; at++) {
    let p = x[at] - center;
    a += p * p;
  }
  return sum_of((a + b) + (c + d));
}
