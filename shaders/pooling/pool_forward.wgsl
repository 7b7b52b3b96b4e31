// out[b] = sum of weight * x over the text's pooled tokens / sum of the weights. A lane owns an element of a text and
// keeps four sums, of every fourth pooled token each: four loads are under way at a time, and the order is fixed by the
// text. The result's rows are `stride` long; this mode's columns begin at `column`. All widths count elements.
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> cumulative: array<u32>;
@group(0) @binding(3) var<storage, read> pool_start: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let mode = params.mode;
  let unit = workgroup_index(group, count);
  let text = unit / params.channel_groups;
  let channel = unit % params.channel_groups * 64u + lane;
  if (text >= params.texts || channel >= width) { return; }
  let begin = cumulative[text];
  let length = cumulative[text + 1u] - begin;
  let start = pool_start[text];
  // Only one token counts in these modes; the others are not multiplied by zero, so that their Inf or NaN stays out.
  var position = start;
  var end = length;
  if (mode == CLS) { end = min(start + 1u, length); }
  if (mode == LAST_TOKEN) { position = max(start, length - 1u); }
  var p = Element();
  var q = Element();
  var r = Element();
  var s = Element();
  for (; position + 4u <= end; position += 4u) {
    let at = (begin + position) * width + channel;
    p += pool_weight(mode, position, start, length) * x[at];
    q += pool_weight(mode, position + 1u, start, length) * x[at + width];
    r += pool_weight(mode, position + 2u, start, length) * x[at + 2u * width];
    s += pool_weight(mode, position + 3u, start, length) * x[at + 3u * width];
  }
  var sum = (p + q) + (r + s);
  for (; position < end; position++) {
    sum += pool_weight(mode, position, start, length) * x[(begin + position) * width + channel];
  }
  out[text * params.stride + params.column + channel] = sum / pool_total(mode, start, length);
}
