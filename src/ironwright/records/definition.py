"""Agents, commands, and what lint says about their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Severity(StrEnum):
    """How much a lint finding matters: an ERROR makes a file unusable, a WARNING changes its meaning."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One oddity of a definition file.

    Attributes:
        rule: The rule's stable id (``broken-frontmatter``, ``missing-include`` …).
        severity: How much it matters.
        path: The file, as given.
        line: 1-based line.
        message: What is odd.
        advice: What to do.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    message: str
    advice: str

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON data."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "path": self.path,
            "line": self.line,
            "message": self.message,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class Include:
    """A text that a definition includes (a snippet, an ``@path`` import).

    Attributes:
        name: The path as the definition writes it.
        path: The file that was read.
        line: 1-based line of the definition where it is asked for.
        text: The file's text.
    """

    name: str
    path: Path
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Agent:
    """One definition file, loaded unchanged.

    Attributes:
        name: From the frontmatter, else the file's stem.
        description: From the frontmatter, else the first heading and paragraph.
        path: The file, or ``ironwright:<name>`` for a bundled one.
        text: The whole file's text, as decoded.
        body: The text after the frontmatter; of a template, what it was filled in to.
        body_line: 1-based line of the file where the body starts.
        model: As written (``sonnet``, ``opus``, ``inherit``, a full id), or None.
        tools: Tool names as written, or None when the definition does not restrict them.
        metadata: The frontmatter's other keys.
        includes: Texts that the body asks to read and follow, found on disk.
        findings: What was odd about the file.
        places: File and 1-based line that each line of the body comes from; empty where the body stands in
            the file as it is. :meth:`place` reads it.
    """

    name: str
    description: str
    path: str
    text: str
    body: str
    body_line: int
    model: str | None = None
    tools: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    includes: tuple[Include, ...] = ()
    findings: tuple[LintFinding, ...] = ()
    places: tuple[tuple[str, int], ...] = ()

    def place(self, line: int) -> tuple[str, int]:
        """The file and the line there, of a line counted from :attr:`body_line` through the body.

        A body that was filled in has lines of other files, and no longer those of its own.
        """
        row = line - self.body_line
        return self.places[row] if 0 <= row < len(self.places) else (self.path, line)


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: ``.claude/commands/<name>.md``.

    Attributes:
        name: Without the slash; folders join with ``:`` (``team:lint``).
        description: From the frontmatter, else the first line.
        path: The file, or ``ironwright:<name>`` for a bundled one.
        body: The prompt, with ``$ARGUMENTS``, ``!`cmd` `` and ``@path`` as written.
        metadata: The frontmatter's keys (``allowed-tools``, ``argument-hint`` …).
        findings: What was odd about the file.
    """

    name: str
    description: str
    path: str
    body: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[LintFinding, ...] = ()
