"""A note of the project's memory: one file that a person can read and edit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ironwright.records.errors import IronwrightError

MAX_CHARS = 600
"""Characters of a note that an agent proposes: it is read before each task, so it has to be short."""

_KEYS = ("kind", "date", "source", "agent", "run")
_FIELD = re.compile(r"(?P<key>[A-Za-z_-]+):[ \t]*(?P<value>.*)")


class NoteError(IronwrightError):
    """A note cannot be read, found or added."""


class NoteKind(StrEnum):
    """What a note is about."""

    DECISION = "decision"
    CONVENTION = "convention"
    PITFALL = "pitfall"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing before the next task.

    Attributes:
        text: The note itself, Markdown.
        kind: What it is about.
        date: When it was written, ``YYYY-MM-DD``; empty where nobody said.
        source: What it rests on: a file and line, a commit, a command, a person; may be empty.
        agent: Who proposed it; empty for a person's.
        run: The run in which it was proposed; empty for a person's.
    """

    text: str
    kind: NoteKind = NoteKind.FACT
    date: str = ""
    source: str = ""
    agent: str = ""
    run: str = ""

    def as_json(self) -> dict[str, str]:
        """The note as JSON data."""
        return {"text": self.text, **{key: str(getattr(self, key)) for key in _KEYS}}

    def as_file(self) -> str:
        """The note as the text of its file."""
        head = [f"{key}: {_one_line(str(getattr(self, key)))}" for key in _KEYS if getattr(self, key)]
        return "\n".join(["---", *head, "---", "", self.text.strip(), ""])


def parse_note(content: str, where: str) -> Note:
    """Read a note's file; one without a head is a fact of unknown date.

    Args:
        content: The file's text.
        where: The file's name, for errors.

    Raises:
        NoteError: The head is not closed, holds what is no ``key: value``, or names an unknown kind.
    """
    lines = content.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---":
        return Note("\n".join(lines).strip())
    values: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() == "---":
            return _noted("\n".join(lines[number:]).strip(), values, where)
        if not line.strip():
            continue
        field = _FIELD.fullmatch(line.strip())
        if field is None:
            raise NoteError(
                f"line {number} of the note's head is no `key: value`",
                where=f"{where}:{number}",
                advice=f"Write one of {', '.join(_KEYS)} with its value, or close the head with `---`.",
            )
        values[field["key"].lower()] = field["value"].strip()
    raise NoteError(
        "the note's head is not closed", where=f"{where}:1", advice="Put `---` below the last `key: value`."
    )


def _noted(text: str, values: Mapping[str, str], where: str) -> Note:
    kind = values.get("kind") or NoteKind.FACT.value
    try:
        known = NoteKind(kind.lower())
    except ValueError:
        raise NoteError(
            f"{kind!r} is no kind of note", where=where, advice=f"Use one of {', '.join(NoteKind)}."
        ) from None
    rest = {key: values.get(key, "") for key in _KEYS if key != "kind"}
    return Note(text=text, kind=known, **rest)


def _one_line(text: str) -> str:
    return " ".join(text.split())
