// What kernels read and write at once: one f32, because the width of their rows is no multiple of 4.
alias Element = f32;
const ELEMENT_WIDTH: u32 = 1u;

fn sum_of(element: f32) -> f32 {
  return element;
}

fn largest_of(element: f32) -> f32 {
  return element;
}

// Whether the element of that index is the row's number `place`.
fn is_at(index: u32, place: u32) -> bool {
  return index == place;
}
