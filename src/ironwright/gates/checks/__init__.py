"""One file a gate; the file's name is the gate's id."""
