"""Looks for the programs that a gate leaves its work to, and turns their troubles into UNKNOWN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.answers import command_evidence
from ironwright.host.cargo_tests import describe_end
from ironwright.host.process import Completed
from ironwright.host.tools import MissingTool, find_tool
from ironwright.records.verdict import Evidence

_SHOWN_LINES = 3


def needed(name: str) -> Path:
    """The path of a tool.

    Raises:
        Unknown: It is missing; says how to install it.
    """
    found = find_tool(name)
    if isinstance(found, MissingTool):
        raise Unknown(found.explanation)
    return found.path


def shown_as(done: Completed, argv: Sequence[str]) -> Completed:
    """A command's end under the words that people would use for it."""
    return replace(done, argv=tuple(argv))


def broke(done: Completed, *more: Evidence) -> Unknown:
    """The answer to a tool that gave none: how it ended, and the last lines that it said."""
    lines = [line.strip() for line in (done.error_text + "\n" + done.text).splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()] or lines[-_SHOWN_LINES:]
    said = "; ".join(wrong[:_SHOWN_LINES]) or "it said nothing"
    return Unknown(
        f"{' '.join(done.argv[:3])} gave no answer ({describe_end(done)}): {said}",
        (command_evidence(done), *more),
    )
