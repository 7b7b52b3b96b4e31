// The positives that queries 4 j and the three behind it show in the slot set that begins at `slots_start`; the row's
// scores begin at `start`.
fn positive(start: u32, slots_start: u32, j: u32) -> vec4f {
  let slot = slots_start + 4u * j;
  let column = start + 4u * j * params.positives;
  let step = params.positives;
  return vec4f(
    positive_scores[column + slots[slot]],
    positive_scores[column + step + slots[slot + 1u]],
    positive_scores[column + 2u * step + slots[slot + 2u]],
    positive_scores[column + 3u * step + slots[slot + 3u]]);
}
