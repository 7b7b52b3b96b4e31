// What both forms of the key kernel write, by key rows, over every query i of the key's text: dK = sum_i ds * q_i,
// dV = sum_i dropout factor * p * dOut_i. Where heads share keys, every query head writes its own part; group_sum.wgsl
// adds the parts.
@group(0) @binding(7) var<storage, read_write> d_k: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> d_v: array<vec4f>;
