"""Precision and recall of contract recognition on labelled lines of public definitions."""
