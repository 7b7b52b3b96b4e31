// dX[t] = dOut[text of t] * weight of t / sum of the text's weights; zero for tokens that are not pooled. A workgroup
// owns eight tokens. `width`, `stride` and `column` count elements.
@group(0) @binding(1) var<storage, read> d_out: array<Element>;
@group(0) @binding(2) var<storage, read> text_of_token: array<u32>;
@group(0) @binding(3) var<storage, read> cumulative: array<u32>;
@group(0) @binding(4) var<storage, read> pool_start: array<u32>;
@group(0) @binding(5) var<storage, read_write> d_x: array<Element>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let first = workgroup_index(group, count) * 8u;
  let behind = min(first + 8u, params.tokens);
  for (var token = first; token < behind; token++) {
    let text = text_of_token[token];
    let begin = cumulative[text];
    let length = cumulative[text + 1u] - begin;
    let start = pool_start[text];
    let weight = pool_weight(params.mode, token - begin, start, length);
    let pooled = weight != 0.0;
    let factor = weight / pool_total(params.mode, start, length);
    for (var c = lane; c < width; c += LANES) {
      d_x[token * width + c] = select(Element(), d_out[text * params.stride + params.column + c] * factor, pooled);
    }
  }
}
