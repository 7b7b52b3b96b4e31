// A [K, M] along M, B [K, N] along N; M and N are multiples of 4, K is any: rows past the end of A count as zeros.
fn row_of_a(k: u32, column4: u32) -> vec4f {
  return select(vec4f(), a[min(k, params.k - 1u) * (params.m / 4u) + column4], k < params.k);
}

fn load_a(row: u32, k4: u32) -> mat4x4f {
  let column4 = min(row, params.m - 4u) / 4u;
  let k = k4 * 4u;
  return transpose(mat4x4f(row_of_a(k, column4), row_of_a(k + 1u, column4), row_of_a(k + 2u, column4), row_of_a(k + 3u, column4)));
}

fn row_of_b(k: u32, column4: u32) -> vec4f {
  return select(vec4f(), b[min(k, params.k - 1u) * (params.n / 4u) + column4], k < params.k);
}

fn load_b(column: u32, k4: u32) -> mat4x4f {
  let column4 = min(column, params.n - 4u) / 4u;
  let k = k4 * 4u;
  return transpose(mat4x4f(row_of_b(k, column4), row_of_b(k + 1u, column4), row_of_b(k + 2u, column4), row_of_b(k + 3u, column4)));
}
