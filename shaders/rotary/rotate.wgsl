// Rotary position embedding (Su et al. 2021, arXiv 2104.09864), channels in halves as in transformers: channel d < D /
// 2 and channel d + D / 2 of a head turn together by the angle of (position, d). The way back turns by the opposite
// angle. table [positions, 2, D / 2]: cosines, then sines. An invocation turns one Lane of pairs of channels.
//
// Header: alias Lane = vec4f where 8 divides D, else f32.
@group(0) @binding(1) var<storage, read> x: array<Lane>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> table: array<Lane>;
@group(0) @binding(4) var<storage, read_write> out: array<Lane>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let half = params.half;
  let index = invocation_index(group, count, lane, 64u);
  let row = index / half;
  if (row >= params.tokens * params.heads) { return; }
  let pair = index % half;
  let at = row * 2u * half + pair;
  let angle = positions[row / params.heads] * 2u * half + pair;
  let cosine = table[angle];
  let sine = table[angle + half] * params.direction;
  let low = x[at];
  let high = x[at + half];
  out[at] = low * cosine - high * sine;
  out[at + half] = high * cosine + low * sine;
}
