"""A team's own patterns: how a rule is written, read and looked for."""
