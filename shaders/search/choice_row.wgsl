// The row form of choice_workgroup.wgsl: there is one lane.
fn shared_choice() -> Choice { return chosen; }
