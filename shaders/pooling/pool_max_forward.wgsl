// out[b] = largest x over the text's pooled tokens, channel by channel, and which token it was: the first of equals.
// NaN wins over everything, so that it is not lost. A lane owns a channel of a text. The result's rows are `stride`
// long; this mode's columns begin at `column`. `winner` is [B, C].
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> cumulative: array<u32>;
@group(0) @binding(3) var<storage, read> pool_start: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> winner: array<u32>;

// By bits: comparisons with NaN are not reliable on every adapter.
fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let unit = workgroup_index(group, count);
  let text = unit / params.channel_groups;
  let channel = unit % params.channel_groups * 64u + lane;
  if (text >= params.texts || channel >= width) { return; }
  let end = cumulative[text + 1u];
  let start = min(cumulative[text] + pool_start[text], end - 1u);
  var best = x[start * width + channel];
  var at = start;
  for (var token = start + 1u; token < end && !is_nan(best); token++) {
    let value = x[token * width + channel];
    if (value > best || is_nan(value)) {
      best = value;
      at = token;
    }
  }
  out[text * params.stride + params.column + channel] = best;
  winner[text * width + channel] = at;
}
