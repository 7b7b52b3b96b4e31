// The row form of square_sum_workgroup.wgsl. `count` counts elements.
@group(0) @binding(1) var<storage, read> gradients: array<Element>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

const SPAN = 4096u / ELEMENT_WIDTH;

fn term(begin: u32, c: u32) -> Element {
  return gradients[begin + c] * gradients[begin + c];
}

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let span = group.x + group.y * groups.x;
  if (span >= params.spans) {
    return;
  }
  let begin = span * SPAN;
  partials[params.first_span + span] = sum_of_row(begin, min(SPAN, params.count - begin));
}
