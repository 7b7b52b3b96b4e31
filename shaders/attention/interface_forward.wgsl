// What both forms of the forward kernel bind. Attention over packed texts with a streaming softmax (Milakov and
// Gimelshein 2018; Dao et al. 2022): the running maximum is the true maximum of the scores so far; out and the sum are
// rescaled when it grows. out = softmax(scale * q k^T) v, logSumExp[t, h] = log sum_j exp(scale * q k_j).
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> cumulative: array<u32>;
@group(0) @binding(5) var<storage, read> sample_of_token: array<u32>;
@group(0) @binding(6) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> log_sum_exp: array<f32>;
