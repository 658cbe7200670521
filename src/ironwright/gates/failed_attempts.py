"""Counts in a journal which agents' attempts failed, by what was recorded about their ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ironwright.records.journal import Event, EventKind

_BROKE_OFF = {"limit": "it ended at a limit", "error": "it broke off"}


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An attempt (or repair) that came to nothing.

    Attributes:
        agent: Who made it.
        attempt: Its name in its run.
        line: The journal's line (1-based) on which it started.
        why: How it failed.
    """

    agent: str
    attempt: str
    line: int
    why: str


def failed_attempts(journal: Sequence[Event]) -> Iterator[FailedAttempt]:
    """The attempts on the task that failed, in order; work on commands (``/lint``) is none.

    An attempt failed when it ended at a limit or an error, or when the gates refused what was committed
    after it. What nobody judged, and what the gates could not tell, is no failure.
    """
    started: Event | None = None
    broke_off = ""
    in_command = False
    for event in journal:
        if event.kind is EventKind.COMMAND_STARTED:
            in_command = True
        elif event.kind is EventKind.COMMAND_ENDED:
            in_command = False
        elif event.kind is EventKind.ATTEMPT_STARTED and not in_command:
            if started is not None and broke_off:
                yield _failed(started, broke_off)
            started, broke_off = event, ""
        elif event.kind is EventKind.ATTEMPT_ENDED and not in_command:
            broke_off = _BROKE_OFF.get(str(event.data.get("stopped")), "")
        elif event.kind is EventKind.CHECKED and event.data.get("asked_by") == "run" and started is not None:
            if event.data.get("verdict") == "FAIL":
                yield _failed(started, "the gates refused it")
            elif broke_off:
                yield _failed(started, broke_off)
            started, broke_off = None, ""
    if started is not None and broke_off:
        yield _failed(started, broke_off)


def count_failures(agents: Iterable[str], agent: str, standard: str) -> int:
    """How many failures count for an escalation to an agent.

    Args:
        agents: Whose each failure was.
        agent: Who is escalated to.
        standard: Whose failures count; empty for everybody's but the agent's own.
    """
    return sum(name == standard if standard else name != agent for name in agents)


def _failed(started: Event, why: str) -> FailedAttempt:
    agent, attempt = str(started.data.get("agent", "")), str(started.data.get("attempt", ""))
    return FailedAttempt(agent, attempt, started.seq + 1, why)
