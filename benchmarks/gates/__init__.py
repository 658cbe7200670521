"""`ironwright check` against the usual cargo commands: cold, after a line, after a comment, after nothing."""
