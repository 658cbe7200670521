"""How people and tools reach us."""
