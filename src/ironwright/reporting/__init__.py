"""Renders a report as terminal text, JSON or Markdown; runs nothing."""
