"""Our own agents, commands and snippets, as Markdown."""
