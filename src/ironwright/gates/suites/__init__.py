"""Compares the tests of two trees: which are the same, what they lost, and whether cargo still runs them."""
