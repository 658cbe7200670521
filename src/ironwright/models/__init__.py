"""Models: what the user has, what each can do and costs, and the connection to it."""
