// Inverted dropout on [T, C]. Threefry-2x32 under the key (seed, stream) and the counter (sample, position * 65536 +
// channel / 4) gives 4 x 16 random bits: those of four consecutive channels. A value is dropped where its bits are
// below `threshold` = round(rate * 65536), else scaled by `keep_scale` = 1 / (1 - rate).
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> token_sample: array<u32>;
@group(0) @binding(3) var<storage, read> token_position: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<Element>;
