"""Frozen data that every layer speaks, the tree of user errors, and the configuration."""
