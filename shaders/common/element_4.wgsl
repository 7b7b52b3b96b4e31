// What kernels read and write at once: four neighbours, because the width of their rows is a multiple of 4.
alias Element = vec4f;
alias Index = vec4u;
const ELEMENT_WIDTH: u32 = 4u;

fn sum_of(element: vec4f) -> f32 {
  return (element.x + element.y) + (element.z + element.w);
}

fn largest_of(element: vec4f) -> f32 {
  return max(max(element.x, element.y), max(element.z, element.w));
}

// Which numbers of its row the element is.
fn index_of(element: u32) -> vec4u {
  return vec4u(0u, 1u, 2u, 3u) + 4u * element;
}

// The row's number `place`, which is in the element.
fn number(element: vec4f, place: u32) -> f32 {
  let is_second = place % 2u == 1u;
  let low = select(element.x, element.y, is_second);
  let high = select(element.z, element.w, is_second);
  return select(low, high, place % 4u >= 2u);
}
