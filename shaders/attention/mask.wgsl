// Which tokens see each other, and which keys a head reads. A token sees the tokens of its own text from `before`
// tokens ahead of it to `after` tokens behind it: causal attention has after = 0, a local window both small. Several
// query heads in a row may share a head of keys and values (grouped-query attention, Ainslie et al. 2023, arXiv
// 2305.13245).
//
// Tiles keep their places, counted from the text's first token, whatever is skipped: a text's bits stay its own.
//
// Header: const MASKED, GROUPED: bool. Without them nothing of this is left in the compiled kernel.

// The first token seen from `token`, of a text that starts at `begin`.
fn seen_from(begin: u32, token: u32, before: u32) -> u32 {
  return select(begin, token - before, token - begin > before);
}

// One past the last token seen from `token`, of a text that ends at `end`. The host keeps `after` below 2^31.
fn seen_to(end: u32, token: u32, after: u32) -> u32 {
  return min(end, token + after + 1u);
}

fn key_heads() -> u32 {
  return select(params.heads, params.key_heads, GROUPED);
}

// The head of keys that a query head reads.
fn key_head_of(head: u32) -> u32 {
  if (GROUPED) { return head / (params.heads / params.key_heads); }
  return head;
}

// Which of four consecutive tokens from `token` on lie in [first, stop).
fn four_seen(token: u32, first: u32, stop: u32) -> vec4<bool> {
  let tokens = vec4u(token) + vec4u(0u, 1u, 2u, 3u);
  return (tokens >= vec4u(first)) & (tokens < vec4u(stop));
}
