// AdamW (Loshchilov and Hutter, arXiv 1711.05101) with clipping by the global norm, all in one pass. A norm that is not
// finite leaves parameters and moments as they are. `exempt` holds one bit per 64 values: no decay. Element is f32 or
// vec4f and `count` counts elements, of which 64 values have BLOCK. A lane updates UPDATES elements: those that follow
// each other (SIDE_BY_SIDE), which suits a CPU, or every 64th, which suits a GPU.
@group(0) @binding(1) var<storage, read> gradients: array<Element>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read> exempt: array<u32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<Element>;
@group(0) @binding(5) var<storage, read_write> first_moment: array<Element>;
@group(0) @binding(6) var<storage, read_write> second_moment: array<Element>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // By bits: comparing a NaN with itself is not reliable on every driver.
  if ((bitcast<u32>(norm[0]) & 0x7f800000u) == 0x7f800000u) {
    return;
  }
  var clipping = 1.0;
  if (params.clip_norm > 0.0) {
    clipping = min(1.0, params.clip_norm / (norm[0] + 1e-6));
  }
  let start = (group.x + group.y * groups.x) * 64u * UPDATES;
  if (SIDE_BY_SIDE) {
    let first = start + lane * UPDATES;
    for (var index = first; index < min(first + UPDATES, params.count); index++) {
      update(index, clipping, decay_of(params.first_block + index / BLOCK));
    }
  } else {
    for (var index = start + lane; index < min(start + 64u * UPDATES, params.count); index += 64u) {
      update(index, clipping, decay_of(params.first_block + index / BLOCK));
    }
  }
}

fn decay_of(block: u32) -> f32 {
  if (params.has_exempt != 0u && ((exempt[block / 32u] >> (block % 32u)) & 1u) == 1u) {
    return 0.0;
  }
  return params.decay;
}

// Beside epsilon smaller values move no parameter, and subnormal numbers, into which the moments of parameters without
// gradients decay, make a CPU ten times as slow.
fn without_tiny(x: Element, tiny: f32) -> Element {
  return select(x, Element(0.0), abs(x) < Element(tiny));
}

fn update(index: u32, clipping: f32, decay: f32) {
  let gradient = without_tiny(gradients[index] * clipping, params.tiny);
  let moment = first_moment[index];
  let m = without_tiny(moment + params.beta1_rest * (gradient - moment), params.tiny);
  let v = without_tiny(
    params.beta2 * second_moment[index] + params.beta2_rest * gradient * gradient,
    params.tiny * params.tiny);
  let parameter = parameters[index];
  first_moment[index] = m;
  second_moment[index] = v;
  parameters[index] = parameter - (decay * parameter + params.step_size * m / (sqrt(v) * params.second_scale + params.epsilon));
}
