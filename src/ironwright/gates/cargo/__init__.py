"""Asks cargo and the tools around it, each answer found once, and turns answers into findings."""
