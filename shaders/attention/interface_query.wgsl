// What both forms of the query kernel write, by query rows: dQ = sum_j ds * k_j.
@group(0) @binding(7) var<storage, read_write> d_q: array<vec4f>;
