"""`ironwright check` over the last 30 versions of three published crates."""
