"""`ironwright agents lint` over public definitions: time on one core, findings of each rule, precision."""
