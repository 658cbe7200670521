"""Tells people on stderr what a run does, as it does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ironwright.records.journal import Event, EventKind
from ironwright.records.verdict import Status, Verdict
from ironwright.reporting.progress import Progress
from ironwright.workflow.context import RunListener


class Narrator(RunListener):
    """A listener that writes the events that matter as lines and everything else as the current step.

    Args:
        progress: Where it is written; it may be called from several threads.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def event(self, event: Event) -> None:
        """Write a line for an event that a person wants to know of."""
        tell = _LINES.get(event.kind)
        line = tell(event.data) if tell else ""
        if line:
            self._progress.note(line)

    def progress(self, line: str) -> None:
        """Show the current step."""
        self._progress.step(line)

    def verdict(self, verdict: Verdict) -> None:
        """Write a line for a gate that did not pass; the others are in the report."""
        if verdict.status is not Status.PASS:
            soft = "" if verdict.strength == "hard" else " (soft)"
            self._progress.note(f"  {verdict.status.value} {verdict.gate}{soft}: {verdict.reason}")


def _repaired(data: Mapping[str, Any]) -> str:
    names = dict.fromkeys(command["tool"] for command in data["commands"])
    changed = len(data["changed"])
    return f"{', '.join(names)} changed {changed} file{'' if changed == 1 else 's'}" if names else ""


def _started(data: Mapping[str, Any]) -> str:
    return f"run {data['run']} started" if data.get("run") else ""


def _routed(data: Mapping[str, Any]) -> str:
    return f"agent {data['agent']}: {data['reason']}" if data.get("agent") and data.get("reason") else ""


def _attempt(data: Mapping[str, Any]) -> str:
    kind, _, number = str(data.get("attempt", "")).partition("-")
    if kind not in ("attempt", "repair"):
        return ""  # the phase of a command, which has a line of its own
    return f"{kind} {number}: {data.get('agent')} with {data.get('model')}"


def _command(data: Mapping[str, Any]) -> str:
    return f"/{data['name']} ({data['phase']} the work)" if data.get("name") and data.get("phase") else ""


def _call(data: Mapping[str, Any]) -> str:
    arguments = data.get("args")
    first = ""
    if isinstance(arguments, Mapping):
        first = str(next((arguments[key] for key in ("command", "path", "question") if key in arguments), ""))
    # Cut as the session's own line on the same call, so that the two are one where lines are kept.
    return f"{data.get('tool') or 'tool'} {' '.join(first.split())[:120]}".rstrip()


def _refused(data: Mapping[str, Any]) -> str:
    return f"  refused: {data.get('reason') or data.get('message') or ''}"


def _checked(data: Mapping[str, Any]) -> str:
    asked = ", asked by the agent" if data.get("asked_by") == "agent" else ""
    return f"gates{asked}: {data.get('verdict')}"


def _question(data: Mapping[str, Any]) -> str:
    assumed = f" (assumed meanwhile: {data['assumed']})" if data.get("assumed") else ""
    return f"question: {data.get('question', '')}{assumed}"


def _stopped(data: Mapping[str, Any]) -> str:
    """The journal has one word for every stop on the way; people are told which it was."""
    outcome, reason = data.get("outcome"), data.get("reason")
    if outcome == "waiting":
        return "waiting for an answer"
    if outcome == "failed":
        return f"failed: {reason}; the run can be resumed"
    return "interrupted; the run can be resumed"


_LINES: Mapping[EventKind, Callable[[Mapping[str, Any]], str]] = {
    EventKind.RUN_STARTED: _started,
    EventKind.ROUTED: _routed,
    EventKind.ATTEMPT_STARTED: _attempt,
    EventKind.COMMAND_STARTED: _command,
    EventKind.TOOL_CALL: _call,
    EventKind.GUARD_REFUSED: _refused,
    EventKind.CHECKED: _checked,
    EventKind.QUESTION: _question,
    EventKind.MECHANICAL_ENDED: _repaired,
    EventKind.ESCALATED: lambda data: f"{data['to']} takes over from {data['from']}: {data['cause']}",
    EventKind.HANDED_OFF: lambda data: f"{data['from']} hands work to {data['to']}: {data['question']}",
    EventKind.HANDED_BACK: lambda data: f"{data['to']}: {data['outcome']}",
    EventKind.INTERRUPTED: _stopped,
    EventKind.RESUMED: lambda data: "resumed where it stopped",
}
