// Workgroups whose lanes share an item's work and wait for each other. The row form has one lane, which does it all.
const LANES: u32 = 64u;

fn wait_for_lanes() { workgroupBarrier(); }
