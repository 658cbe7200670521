"""Tells whether a shell command runs another one, whatever stands around it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ironwright.records.shell_reading import simple_commands

_SHORT_OPTIONS = {
    "git push": {"-f": "--force", "-d": "--delete"},
    "git commit": {"-n": "--no-verify", "-a": "--all"},
    "git clean": {"-f": "--force"},
    "git checkout": {"-f": "--force"},
    "git branch": {"-f": "--force", "-d": "--delete"},
    "rm": {"-r": "--recursive", "-R": "--recursive", "-f": "--force"},
}


def runs_command(command: str, wanted: str) -> bool:
    """Whether a command runs another one: the same program and subcommands, with at least its options.

    ``git push origin main --force`` runs ``git push --force`` and ``git push``, but not ``git push --tags``.
    An option's short form counts where git or cargo have one. A command that cannot be read runs what its
    text holds.
    """
    parts = simple_commands(command)
    if parts is None:
        return (
            re.search(r"(?<![\w./-])" + re.escape(" ".join(wanted.split())) + r"(?![\w-])", command)
            is not None
        )
    positional, options = _split_options(wanted.split())
    for part in parts:
        words, given = _split_options(part.words)
        shorts = _SHORT_OPTIONS.get(" ".join(words[:2]), _SHORT_OPTIONS.get(words[0] if words else "", {}))
        given |= {long for short, long in shorts.items() if short in given}
        if words[:2] == ["git", "push"] and any(word.startswith("+") for word in words[2:]):
            given.add("--force")
        if words[: len(positional)] == positional and options <= given:
            return True
    return False


def _split_options(words: Sequence[str]) -> tuple[list[str], set[str]]:
    """A command's plain words and its options; what ``git -C`` and ``git -c`` take is left out."""
    plain: list[str] = []
    options: set[str] = set()
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if plain == ["git"] and word in ("-C", "-c"):
            position += 1
        elif plain == ["cargo"] and word.startswith("+"):
            continue
        elif word.startswith("--"):
            options.add(word.split("=", 1)[0])
        elif word.startswith("-") and len(word) > 1:
            options |= {f"-{letter}" for letter in word[1:]} if word[1:].isalpha() else {word}
        else:
            plain.append(word.rsplit("/", 1)[-1] if not plain else word)
    return plain, options
