// A [M, K] and B [N, K], both along K; K and N are multiples of 4. Rows past the end repeat the last one and are not
// stored.
fn load_a(row: u32, k4: u32) -> mat4x4f {
  let width = params.k / 4u;
  let last = params.m - 1u;
  return mat4x4f(a[min(row, last) * width + k4], a[min(row + 1u, last) * width + k4],
                 a[min(row + 2u, last) * width + k4], a[min(row + 3u, last) * width + k4]);
}

fn load_b(column: u32, k4: u32) -> mat4x4f {
  let width = params.k / 4u;
  let last = params.n - 1u;
  return mat4x4f(b[min(column, last) * width + k4], b[min(column + 1u, last) * width + k4],
                 b[min(column + 2u, last) * width + k4], b[min(column + 3u, last) * width + k4]);
}
