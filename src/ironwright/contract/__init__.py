"""Recognises clauses, compiles them into a contract, and keeps its lock."""
