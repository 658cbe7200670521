"""Reads a run's journal as the tool calls that its agents made, each with its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ironwright.gates.api import Unknown
from ironwright.gates.subject import Subject
from ironwright.records.journal import Event, EventKind
from ironwright.records.verdict import Evidence

_SEEN_AT = "/w/repo"
"""Where a sandbox that can move folders shows the worktree."""


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of an agent.

    Attributes:
        line: The journal's line (1-based) that says that it was about to run.
        attempt: The attempt that made it.
        agent: The agent that worked then; empty where the journal does not say.
        tool: The tool's name.
        path: The file that it names, relative to the worktree; empty where it names none.
        command: The shell command, or None for other tools.
        whole: Whether ``command`` is all of it; the journal cuts absurdly long ones.
        outcome: ``done``, ``failed``, ``retry``, ``asked``, ``refused`` by a guard, or ``running``.
        exit_code: The command's; None where it had none.
        timed_out: Whether the command was ended by its limit of time.
        changed: The paths that differ after it, relative to the worktree.
        before: The id of the worktree's tree before it (``<tree>@<commit>``); empty where not recorded.
        after: The same after it.
        in_command: Whether it was part of a command before or after the work (``/lint``).
    """

    line: int
    attempt: str
    agent: str
    tool: str
    path: str
    command: str | None
    whole: bool
    outcome: str
    exit_code: int | None
    timed_out: bool
    changed: tuple[str, ...]
    before: str
    after: str
    in_command: bool

    @property
    def ran(self) -> bool:
        """Whether it was carried out, however it ended."""
        return self.outcome not in ("refused", "running")

    @property
    def tree(self) -> str:
        """The id of the tree that it started from; empty where not recorded."""
        return self.before.partition("@")[0]

    @property
    def shown(self) -> str:
        """Where it stands, and the command, in words for a finding."""
        what = f"`{shorten(self.command)}`" if self.command is not None else self.tool
        return f"{what} (journal line {self.line})"


def shorten(command: str, width: int = 80) -> str:
    """A command on one line."""
    folded = " ".join(command.split())
    return folded if len(folded) <= width else folded[: width - 1].rstrip() + "…"


def journal_of(subject: Subject) -> Sequence[Event]:
    """The run's events.

    Raises:
        Unknown: There is no journal, or no attempt was made yet.
    """
    if subject.journal is None:
        raise Unknown("there is no journal, so nothing says how the work was done")
    if not any(event.kind is EventKind.ATTEMPT_STARTED for event in subject.journal):
        raise Unknown("the journal holds no attempt yet")
    return subject.journal


def read_calls(journal: Sequence[Event]) -> tuple[Call, ...]:
    """Every tool call in the order in which they were made."""
    ends: dict[tuple[str, int], Event] = {}
    for event in journal:
        if event.kind in (EventKind.TOOL_RESULT, EventKind.GUARD_REFUSED):
            ends[_key(event.data)] = event
    calls: list[Call] = []
    worktree = worktree_of(journal)
    agent, command = "", None
    for event in journal:
        if event.kind is EventKind.ATTEMPT_STARTED:
            agent = str(event.data.get("agent", ""))
        elif event.kind is EventKind.COMMAND_STARTED:
            command = event.data["name"]
        elif event.kind is EventKind.COMMAND_ENDED:
            command = None
        elif event.kind is EventKind.TOOL_CALL:
            calls.append(_call(event, ends.get(_key(event.data)), agent, worktree, command is not None))
    return tuple(calls)


def evidence_of(calls: Sequence[Call], summary: str, **data: Any) -> Evidence:
    """What a verdict on calls rests on."""
    return Evidence("journal", summary, {"calls": len(calls), **data})


def _key(data: Mapping[str, Any]) -> tuple[str, int]:
    return str(data.get("attempt", "")), int(data.get("number", 0))


def _call(event: Event, end: Event | None, agent: str, worktree: str, in_command: bool) -> Call:
    args = event.data.get("args")
    given: Mapping[str, Any] = args if isinstance(args, Mapping) else {}
    result: Mapping[str, Any] = end.data if end is not None else {}
    command, whole = _command(given, result)
    if end is None:
        outcome = "running"
    else:
        outcome = "refused" if end.kind is EventKind.GUARD_REFUSED else str(result.get("outcome", "done"))
    return Call(
        line=event.seq + 1,
        attempt=str(event.data.get("attempt", "")),
        agent=agent,
        tool=str(event.data.get("tool", "")),
        path=inner(str(given.get("path") or given.get("file_path") or ""), worktree),
        command=command,
        whole=whole,
        outcome=outcome,
        exit_code=result.get("exit_code"),
        timed_out=bool(result.get("timed_out")),
        changed=tuple(result.get("changed", ())),
        before=str(event.data.get("tree_before") or ""),
        after=str(result.get("tree_after") or ""),
        in_command=in_command,
    )


def _command(given: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The command, from the arguments where they are whole, else from the result; and whether it is whole."""
    asked = given.get("command")
    if isinstance(asked, str):
        return asked, True
    if not isinstance(asked, Mapping):
        return None, True
    ran = result.get("command")
    text = ran if isinstance(ran, str) else str(asked.get("start", ""))
    return text, len(text.encode("utf-8", "replace")) >= int(asked.get("bytes", 0))


def worktree_of(journal: Sequence[Event]) -> str:
    """Where the worktree lies on the machine; empty where the journal does not say."""
    made = (event for event in journal if event.kind is EventKind.WORKTREE_READY)
    return next((str(event.data.get("path", "")) for event in made), "")


def inner(path: str, worktree: str = "") -> str:
    """A path as the worktree has it, without where the sandbox or the machine shows the worktree."""
    for folder in (_SEEN_AT, worktree, "."):
        if folder:
            path = path.removeprefix(folder.rstrip("/") + "/")
    return path
