// The positive that query j shows in the slot set that begins at `slots_start`; the row's scores begin at `start`.
fn positive(start: u32, slots_start: u32, j: u32) -> f32 {
  return positive_scores[start + j * params.positives + slots[slots_start + j]];
}
