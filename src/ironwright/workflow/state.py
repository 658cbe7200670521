"""What one step of a run hands to the next."""

from __future__ import annotations

from dataclasses import dataclass

from ironwright.records.report import CheckReport, Opinion, Outcome
from ironwright.workflow.commits import Work


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt or repair of the run, as the report shows it.

    Attributes:
        keys: The phases that belong to it.
        stopped: Why the last of them stopped.
        summary: The agent's last words.
        check: The gates' answer, or None while there is none.
        agent: Who worked; empty for the run's first agent (as older runs recorded it).
        model: With which model, as ``provider:id``; empty for the run's first one.
    """

    keys: tuple[str, ...]
    stopped: str
    summary: str
    check: CheckReport | None = None
    agent: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What one step of the run hands to the next.

    Attributes:
        history: The conversation so far.
        attempts: The attempts so far.
        work: What was committed last.
        checks: How often the work was committed and judged.
        repairs: How many repairs were made.
        mechanical: How often the mechanical tier was used.
        rung: How often the run went up its ladder.
        rung_repairs: How many repairs were made since then.
        lessons: What the agents before taught the one that works now; may be empty.
        left: The worktree's state that the agent before left; empty for none.
        commands: Names of the after-commands that were carried out since the last repair.
        failed_commands: Names of commands whose last run left no evidence that they were carried out.
        notes: What a person should know.
        outcome: How the run ends; None while it goes on.
        reason: Why.
        opinions: What a reviewer said about the clauses that no gate checks.
    """

    history: bytes | None = None
    attempts: tuple[Attempted, ...] = ()
    work: Work | None = None
    checks: int = 0
    repairs: int = 0
    mechanical: int = 0
    rung: int = 0
    rung_repairs: int = 0
    lessons: str = ""
    left: str = ""
    commands: tuple[str, ...] = ()
    failed_commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outcome: Outcome | None = None
    reason: str = ""
    opinions: tuple[Opinion, ...] = ()

    @property
    def check(self) -> CheckReport | None:
        """The gates' last answer."""
        return self.attempts[-1].check if self.attempts else None
