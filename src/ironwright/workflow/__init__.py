"""The jobs a user asks for, each a list of typed steps."""
