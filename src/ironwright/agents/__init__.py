"""Definition files: parsed, included, their commands, and what lint says of them."""
