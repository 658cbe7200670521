"""Reads Rust: syntax, items, modules, documentation, conditions, and what a test asserts."""
