// Adds what stands in a matrix of the result's shape to four finished results and writes them.
@group(0) @binding(5) var<storage, read> addend: array<Element>;

fn put(at: u32, value: vec4f) { out[at] = value + addend[at]; }
