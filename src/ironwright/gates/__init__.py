"""Gates: one check each, named for what it refuses; `api` says what a gate is, `catalog` lists them."""
