"""What a change does to code, and whether its tests fail without it."""
