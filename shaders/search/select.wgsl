// What both forms of the selection share: the k best of each segment of each query's candidates, in order: larger
// score first, then smaller row. Candidates are the scores of consecutive rows, or with `from_list` lists that this
// kernel made before, in which NO_ROW stands where there was no candidate. NaN never ranks.
const CAPACITY: u32 = 1024u;
const NO_ROW: u32 = 0xffffffffu;

@group(0) @binding(1) var<storage, read> in_scores: array<Element>;
@group(0) @binding(2) var<storage, read> in_rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> out_scores: array<f32>;
@group(0) @binding(4) var<storage, read_write> out_rows: array<u32>;

// Keys have the order of the floats; 0 means no candidate: no float but a NaN would get it.
fn key_of(score: f32) -> u32 {
  let bits = bitcast<u32>(score);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return 0u;
  }
  if (bits == 0x80000000u) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn score_of(key: u32) -> f32 {
  if (key == 0u) {
    return -3.4028234e38;
  }
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

fn is_empty(at: u32) -> bool {
  return params.from_list != 0u && in_rows[at] == NO_ROW;
}

fn in_rows_or_position(at: u32, position: u32) -> u32 {
  if (params.from_list != 0u) {
    return in_rows[at];
  }
  return params.first_row + position;
}
