// What all backward kernels read. p = exp(scale * q k_j - logSumExp) is computed again, dp = dropout factor * <dOut,
// v_j>, ds = p * (dp - delta) * scale; `rows` is what rows.wgsl leaves.
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> d_out: array<vec4f>;
@group(0) @binding(5) var<storage, read> rows: array<vec4u>;
@group(0) @binding(6) var<storage, read> cumulative: array<u32>;
