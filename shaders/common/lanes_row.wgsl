// The row form of lanes_workgroup.wgsl: one lane does an item's whole work and waits for nobody. On a CPU a barrier
// costs more than the sum.
const LANES: u32 = 1u;

fn wait_for_lanes() {}
