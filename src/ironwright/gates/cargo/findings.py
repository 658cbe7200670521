"""Turns what cargo's tools said into findings, and tells old warnings from those that a change brought."""

from __future__ import annotations

from collections.abc import Iterable

from ironwright.gates.subject import Subject
from ironwright.host.cargo_messages import Diagnostic, Span
from ironwright.records.change import FileStatus
from ironwright.records.contract import Scope
from ironwright.records.verdict import Finding


def finding(diagnostic: Diagnostic, advice: str = "") -> Finding:
    """A diagnostic as a finding at its first primary place.

    Args:
        diagnostic: What a tool said.
        advice: What to do where the tool says nothing about it.
    """
    place = diagnostic.place
    message = diagnostic.message.strip().replace("\n", " ")
    if diagnostic.code:
        message = f"{message} [{diagnostic.code}]"
    if place and place.label:
        label = " ".join(place.label.split())
        message = message if label in message else f"{message}: {label}"
    if place and place.macro:
        message = f"{message} (in the expansion of {place.macro})"
    hints = [
        note for note in diagnostic.notes if note and not note.startswith(("`#[", "for further information"))
    ]
    hint = " ".join(hints[0].split()) if hints else ""
    return Finding(diagnostic.path, diagnostic.line, message, hint or advice)


def touched(subject: Subject, scope: Scope, spans: Iterable[Span]) -> bool:
    """Whether a scope judges one of these places; under ``changed`` those on lines that the change wrote."""
    if scope is not Scope.CHANGED:
        return True
    return any(
        span.primary
        and span.path is not None
        and lines_touched(subject, scope, span.path, span.line, span.end_line)
        for span in spans
    )


def lines_touched(subject: Subject, scope: Scope, path: str, first: int, last: int) -> bool:
    """Whether a scope judges one of these lines of the head version."""
    if scope is not Scope.CHANGED:
        return True
    changed = subject.change.files.get(path)
    if changed is None or changed.status is FileStatus.DELETED:
        return False
    if changed.status is FileStatus.ADDED:
        return True
    return not changed.added_lines.isdisjoint(range(first, last + 1))


def ranges(lines: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers as (first, last), in order."""
    found: list[tuple[int, int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return found


def shown_ranges(lines: Iterable[int]) -> str:
    """Lines for people: ``3, 7-9``."""
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in ranges(lines))


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 place``, ``3 places``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
