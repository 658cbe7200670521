"""What gets past the gates and what they refuse wrongly, over the adversary's collection of changes."""
