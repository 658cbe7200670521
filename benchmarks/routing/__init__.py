"""How often the right agent is chosen for public requests, by collections that were not learned from."""
