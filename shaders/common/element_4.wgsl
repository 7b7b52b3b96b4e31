// What kernels read and write at once: four neighbours, because the width of their rows is a multiple of 4.
alias Element = vec4f;
const ELEMENT_WIDTH: u32 = 4u;

fn sum_of(element: vec4f) -> f32 {
  return (element.x + element.y) + (element.z + element.w);
}
