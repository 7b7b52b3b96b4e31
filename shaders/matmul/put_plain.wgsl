// Writes four finished results.
fn put(at: u32, value: vec4f) { out[at] = value; }
