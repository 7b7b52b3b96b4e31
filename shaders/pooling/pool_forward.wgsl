// out[b] = sum of weight * x over the text's pooled tokens / sum of the weights. Sixteen channels a workgroup; four lanes
// a channel take every fourth pooled token, and their sums are added in lane order: fixed by the text alone.
struct Params { texts: u32, width: u32, mode: u32, channel_groups: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> cumulative: array<u32>;
@group(0) @binding(3) var<storage, read> pool_start: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let mode = params.mode;
  let unit = workgroup_index(group, count);
  let text = unit / params.channel_groups;
  let channel = unit % params.channel_groups * 16u + lane % 16u;
  let known = min(text, params.texts - 1u);
  let begin = cumulative[known];
  let length = cumulative[known + 1u] - begin;
  let start = pool_start[known];
  // Only one token counts in these modes; the others are not multiplied by zero, so that their Inf or NaN stays out.
  var first = start;
  var end = length;
  if (mode == CLS) { end = min(start + 1u, length); }
  if (mode == LAST_TOKEN) { first = max(start, length - 1u); }
  var sum = 0.0;
  if (channel < width) {
    for (var position = first + lane / 16u; position < end; position += 4u) {
      sum += pool_weight(mode, position, start, length) * x[(begin + position) * width + channel];
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane < 16u && channel < width && text < params.texts) {
    let total = sums[lane] + sums[lane + 16u] + sums[lane + 32u] + sums[lane + 48u];
    out[text * width + channel] = total / pool_total(mode, start, length);
  }
}
