// What the tile of packed panels binds: out[M, N] = alpha * A B (+ bias) (+ what out held). Both are packed along k: a
// panel of A has twelve rows, a[(panel * K + k) * 12 + row]; one of B has eight columns, of which
// b[(panel * K + k) * 2 + half] are four.
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> out: array<Element>;
