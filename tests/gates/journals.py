"""Events of journals as runs write them, in short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ironwright.records.journal import EventKind

Written = tuple[EventKind, Mapping[str, Any]]
TREES = [letter * 40 for letter in "abcdefgh"]


def started(attempt: str = "attempt-1", agent: str = "engineer", **more: Any) -> Written:
    return EventKind.ATTEMPT_STARTED, {"attempt": attempt, "agent": agent, "task": "Do it", **more}


def ended(stopped: str = "finished") -> Written:
    return EventKind.ATTEMPT_ENDED, {"stopped": stopped, "summary": "", "reason": ""}


def checked(verdict: str, asked_by: str = "run") -> Written:
    return EventKind.CHECKED, {"asked_by": asked_by, "verdict": verdict, "gates": []}


def ran(command: str, exit_code: int | None = 0, **more: Any) -> dict[str, Any]:
    """A command; ``number`` and ``attempt`` are filled in by :func:`journal`."""
    return {"tool": "run_command", "args": {"command": command}, "exit_code": exit_code, **more}


def used(tool: str, path: str, changed: Sequence[str] | None = None, **more: Any) -> dict[str, Any]:
    """A file tool; writing tools change their file."""
    touched = ([path] if tool in ("write_file", "edit_file") else []) if changed is None else changed
    return {"tool": tool, "args": {"path": path}, "changed": touched, **more}


def journal(*parts: Written | dict[str, Any] | Iterable[Any]) -> list[Written]:
    """A journal of events and calls, in one attempt where none is started."""
    flat = list(_flat(parts))
    kinds = ["call" if isinstance(part, dict) else part[0] for part in flat]
    begin = kinds.index(EventKind.ATTEMPT_STARTED) if EventKind.ATTEMPT_STARTED in kinds else len(kinds)
    if "call" in kinds[:begin] or EventKind.ATTEMPT_ENDED in kinds[:begin] or not kinds:
        flat.insert(0, started())
    events: list[Written] = []
    attempt, number = "attempt-1", 0
    for part in flat:
        if isinstance(part, dict):
            number += 1
            events += _call(attempt, number, part)
        else:
            if part[0] is EventKind.ATTEMPT_STARTED:
                attempt, number = part[1]["attempt"], 0
            events.append(part)
    return events


def _call(attempt: str, number: int, part: Mapping[str, Any]) -> list[Written]:
    about = {"attempt": attempt, "number": number, "call": f"c{number}", "tool": part["tool"]}
    before = part.get("before", "")
    first = (
        EventKind.TOOL_CALL,
        {**about, "args": part["args"], **({"tree_before": before} if before else {})},
    )
    if part.get("refused"):
        return [first, (EventKind.GUARD_REFUSED, {**about, "rule": "hidden_output", "reason": "no"})]
    if part.get("running"):
        return [first]
    result = {**about, "outcome": part.get("outcome", "done"), "bytes": 1, "sha256": "0" * 64, "seconds": 0.1}
    if "command" in part["args"]:
        result |= {"exit_code": part["exit_code"], "timed_out": part.get("timed_out", False)}
    result["changed"] = list(part.get("changed", ()))
    if part.get("after"):
        result["tree_after"] = part["after"]
    return [first, (EventKind.TOOL_RESULT, result)]


def _flat(parts: Iterable[Any]) -> Iterable[Any]:
    for part in parts:
        if isinstance(part, dict) or (isinstance(part, tuple) and isinstance(part[0], EventKind)):
            yield part
        else:
            yield from _flat(part)
