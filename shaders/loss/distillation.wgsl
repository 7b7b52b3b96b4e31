// KL divergence of the softmax of a query's cosines from the shares that a teacher gives its candidates, with the
// gradient of the cosines; one lane a query, or four neighbours. A candidate whose target is below 0 is left out. The
// first candidates of all queries stand first, then the second ones. `columns` counts elements.
@group(0) @binding(1) var<storage, read> cosines: array<Element>;
@group(0) @binding(2) var<storage, read> targets: array<Element>;
@group(0) @binding(3) var<storage, read> log_targets: array<Element>;
@group(0) @binding(4) var<storage, read_write> slopes: array<Element>;
@group(0) @binding(5) var<storage, read_write> losses: array<Element>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let query = (group.x + group.y * groups.x) * LANES + lane;
  if (query >= params.columns) {
    return;
  }
  let behind = params.candidates * params.columns;
  // Below every cosine.
  var largest = Element(-2.0);
  for (var at = query; at < behind; at += params.columns) {
    largest = max(largest, select(Element(-2.0), cosines[at], targets[at] >= Element()));
  }
  var mass = Element();
  for (var at = query; at < behind; at += params.columns) {
    let share = share_of((cosines[at] - largest) * params.inverse_temperature);
    mass += select(Element(), share, targets[at] >= Element());
  }
  // A query without a candidate has no mass, and nothing below is used.
  let total = max(mass, Element(1e-30));
  let log_total = log(total);
  var loss = Element();
  for (var at = query; at < behind; at += params.columns) {
    let logit = (cosines[at] - largest) * params.inverse_temperature;
    let wanted = targets[at];
    let counts = wanted >= Element();
    loss += select(Element(), wanted * (log_targets[at] - (logit - log_total)), counts);
    slopes[at] = select(Element(), (share_of(logit) / total - wanted) * params.scale, counts);
  }
  losses[query] = loss;
}
