// What kernels read and write at once: one f32, because the width of their rows is no multiple of 4.
alias Element = f32;
alias Index = u32;
const ELEMENT_WIDTH: u32 = 1u;

fn sum_of(element: f32) -> f32 {
  return element;
}

fn largest_of(element: f32) -> f32 {
  return element;
}

// Which number of its row the element is.
fn index_of(element: u32) -> u32 {
  return element;
}

// The row's number `place`, which is in the element.
fn number(element: f32, _place: u32) -> f32 {
  return element;
}
