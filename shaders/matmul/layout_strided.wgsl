// Any layout and any size: element (row, k) of A is a[row * a_row + k * a_k], likewise B. Past the end of k it is zero.
fn element_of_a(start: u32, k: u32) -> f32 {
  return select(0.0, a[start + min(k, params.k - 1u) * params.a_k], k < params.k);
}

fn line_of_a(row: u32, k: u32) -> vec4f {
  let start = min(row, params.m - 1u) * params.a_row;
  return vec4f(element_of_a(start, k), element_of_a(start, k + 1u), element_of_a(start, k + 2u), element_of_a(start, k + 3u));
}

fn load_a(row: u32, k4: u32) -> mat4x4f {
  let k = k4 * 4u;
  return mat4x4f(line_of_a(row, k), line_of_a(row + 1u, k), line_of_a(row + 2u, k), line_of_a(row + 3u, k));
}

fn element_of_b(start: u32, k: u32) -> f32 {
  return select(0.0, b[start + min(k, params.k - 1u) * params.b_k], k < params.k);
}

fn line_of_b(column: u32, k: u32) -> vec4f {
  let start = min(column, params.n - 1u) * params.b_column;
  return vec4f(element_of_b(start, k), element_of_b(start, k + 1u), element_of_b(start, k + 2u), element_of_b(start, k + 3u));
}

fn load_b(column: u32, k4: u32) -> mat4x4f {
  let k = k4 * 4u;
  return mat4x4f(line_of_b(column, k), line_of_b(column + 1u, k), line_of_b(column + 2u, k), line_of_b(column + 3u, k));
}
