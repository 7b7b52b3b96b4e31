// What lane 0 has chosen, for every lane alike.
fn shared_choice() -> Choice { return workgroupUniformLoad(&chosen); }
