"""One attempt: the brief, the tools, the guards in the loop and the journal; one engine per file."""
