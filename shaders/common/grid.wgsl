// Linear index of a workgroup or an invocation in a one-dimensional grid that the host folds into y above 65535.
// The last row may be longer than needed: always test against the count.
fn workgroup_index(id: vec3<u32>, groups: vec3<u32>) -> u32 {
  return id.x + id.y * groups.x;
}

fn invocation_index(id: vec3<u32>, groups: vec3<u32>, local_index: u32, size: u32) -> u32 {
  return workgroup_index(id, groups) * size + local_index;
}
