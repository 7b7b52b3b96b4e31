// Writes four finished results, and their GELU beside them; needs normal_cdf.wgsl.
@group(0) @binding(5) var<storage, read_write> activated: array<Element>;

fn put(at: u32, value: vec4f) {
  out[at] = value;
  activated[at] = value * normal_cdf(value).phi;
}
