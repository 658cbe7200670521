"""Ironwright: runs coding agents written as Markdown on Rust repositories and proves their work."""

__version__ = "0.1.0"
