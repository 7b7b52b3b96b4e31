// A [M, K] along K, B [K, N] along N; K and N are multiples of 4. Rows past the end repeat the last one and are not
// stored.
fn load_a(row: u32, k4: u32) -> mat4x4f {
  let width = params.k / 4u;
  let last = params.m - 1u;
  return mat4x4f(a[min(row, last) * width + k4], a[min(row + 1u, last) * width + k4],
                 a[min(row + 2u, last) * width + k4], a[min(row + 3u, last) * width + k4]);
}

fn load_b(column: u32, k4: u32) -> mat4x4f {
  let width = params.n / 4u;
  let start = k4 * 4u * width + min(column / 4u, width - 1u);
  return transpose(mat4x4f(b[start], b[start + width], b[start + 2u * width], b[start + 3u * width]));
}
