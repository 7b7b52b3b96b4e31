// Sets a flag if x holds Inf or NaN: the exponent's bits are all ones. Integer atomics; the result depends on no order.
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> flags: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let begin = workgroup_index(group, count) * 4096u;
  let end = min(begin + 4096u, params.count);
  var found = false;
  for (var at = begin + lane; at < end; at += 64u) {
    found = found || (x[at] & 0x7f800000u) == 0x7f800000u;
  }
  if (found) { atomicOr(&flags[params.slot], 1u); }
}
