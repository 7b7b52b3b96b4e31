// Writes the GELU of four finished results; needs normal_cdf.wgsl.
fn put(at: u32, value: vec4f) { out[at] = value * normal_cdf(value).phi; }
