"""What every step of a run works with: its folder, plan, workspace, journal, and whom it tells."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ironwright.records.handoff import Handoff
from ironwright.records.journal import Event, EventKind
from ironwright.records.report import Outcome, Usage
from ironwright.records.verdict import Verdict
from ironwright.session.journal import JournalWriter
from ironwright.workflow.state import State

if TYPE_CHECKING:
    from ironwright.host.sandbox import Sandbox
    from ironwright.session.attempt import AttemptResult, Engine, ModelAccess
    from ironwright.workflow.durable import StepRunner
    from ironwright.workflow.plan import Ground, Plan
    from ironwright.workflow.run_store import RunFolder, RunRecord
    from ironwright.workflow.worktree import Workspace


class RunListener:
    """Told what a run does, as it does it; each method does nothing unless a subclass says otherwise.

    Methods are called from several threads.
    """

    def event(self, event: Event) -> None:
        """An event was written to the journal."""

    def progress(self, line: str) -> None:
        """What is being done just now, for people."""

    def verdict(self, verdict: Verdict) -> None:
        """A gate has its verdict."""

    def step_started(self, name: str) -> None:
        """A durable step begins (a replayed one does not)."""

    def step_ended(self, name: str) -> None:
        """A durable step has its result; it is recorded next."""


class RunJournal(JournalWriter):
    """A run's journal that tells a listener of every event that is new."""

    listener: RunListener = RunListener()

    def __enter__(self) -> RunJournal:
        """The journal itself."""
        return self

    def append(self, kind: EventKind, data: Mapping[str, Any], step: str, *, recorded: bool = False) -> Event:
        """Write an event as :meth:`JournalWriter.append` does, then tell the listener."""
        known = self.find(step)
        event = super().append(kind, data, step, recorded=recorded)
        if known is None:
            self.listener.event(event)
        return event


class SuspendedError(Exception):
    """A run stops here and can go on later.

    Args:
        outcome: WAITING for an answer, FAILED by an error, or INTERRUPTED.
        reason: Why, in one sentence.
        questions: What has to be answered.
    """

    def __init__(self, outcome: Outcome, reason: str, questions: tuple[Mapping[str, str], ...] = ()) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.questions = questions


@dataclass
class Ledger:
    """What the run's phases have used so far, in the order they ended, and how far the run has come."""

    phases: list[tuple[str, AttemptResult]] = field(default_factory=list)
    state: State = field(default_factory=State)
    handoffs: list[HandedOff] = field(default_factory=list)

    def reached(self, state: State) -> State:
        """Note how far the run has come, for the report of a run that stops on the way."""
        self.state = state
        return state

    def add(self, key: str, result: AttemptResult) -> None:
        """Note a phase that ended."""
        self.phases.append((key, result))

    @property
    def usage(self) -> Usage:
        """The sum of what was paid for, by those that work was handed to as well."""
        total = self.own_usage
        for item in self.handoffs:
            total += item.ledger.usage
        return total

    @property
    def own_usage(self) -> Usage:
        """The sum of what was paid for, without handoffs."""
        total = Usage()
        for _, result in self.phases:
            total += result.usage
        return total

    @property
    def minutes(self) -> float:
        """The sum of the phases' wall time, those of handoffs too."""
        own = sum(result.seconds for _, result in self.phases) / 60
        return own + sum(item.ledger.minutes for item in self.handoffs)


@dataclass
class HandedOff:
    """A handoff that was carried out, or is being.

    Attributes:
        key: Its name in the run (``handoff-2``, ``handoff-2.1``).
        phase: The phase of the asking agent that asked.
        handoff: What was asked.
        model: With which model it was worked on; empty where nobody did.
        ledger: What was used, and how far it came.
        events: The events of its own journal so far.
        result: What the asking agent was told; empty while it is under way.
    """

    key: str
    phase: str
    handoff: Handoff
    model: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    events: Callable[[], Sequence[Event]] = tuple
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunContext:
    """One run, under way in this process.

    Attributes:
        folder: Its folder.
        record: What it was started with.
        plan: What it was decided to be.
        ground: Where it takes place.
        workspace: Its worktree and what belongs to it.
        journal: Its journal, open for writing.
        step: Runs durable steps.
        engine: Works on attempts.
        models: Connects to a model by its label.
        sandbox: Runs the agent's commands.
        listener: Is told.
        stop: Set when the process was asked to stop.
        ledger: What was used.
        hand_off: Carries out a handoff that a phase of a run asked for; returns what its agent is told.
        chain: The agents from the run's first to the one before this, where work was handed on.
        key: The handoff's name; empty for the run itself.
    """

    folder: RunFolder
    record: RunRecord
    plan: Plan
    ground: Ground
    workspace: Workspace
    journal: RunJournal
    step: StepRunner
    engine: Engine
    models: Callable[[str], ModelAccess]
    sandbox: Sandbox
    listener: RunListener
    stop: threading.Event
    ledger: Ledger
    hand_off: Callable[[RunContext, str, Handoff], Awaitable[str]]
    chain: tuple[str, ...] = ()
    key: str = ""

    @property
    def model(self) -> ModelAccess:
        """The model of who works now, connected."""
        return self.models(self.plan.model)

    def on_rung(self, number: int) -> RunContext:
        """The same run after so many steps up its ladder."""
        return self if number == 0 else replace(self, plan=self.plan.on_rung(number))
