// dX[t, c] = dOut[text of t, c] where t is the token that won channel c of its text, else zero. A workgroup owns eight
// tokens.
@group(0) @binding(1) var<storage, read> d_out: array<f32>;
@group(0) @binding(2) var<storage, read> winner: array<u32>;
@group(0) @binding(3) var<storage, read> text_of_token: array<u32>;
@group(0) @binding(4) var<storage, read_write> d_x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = params.width;
  let first = workgroup_index(group, count) * 8u;
  let behind = min(first + 8u, params.tokens);
  for (var token = first; token < behind; token++) {
    let text = text_of_token[token];
    for (var c = lane; c < width; c += 64u) {
      let won = winner[text * width + c] == token;
      d_x[token * width + c] = select(0.0, d_out[text * params.stride + params.column + c], won);
    }
  }
}
