"""Chooses the agent for a task, its tier and its model."""
