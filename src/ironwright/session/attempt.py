"""What an attempt is given and what it gives back, whichever engine works on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ironwright.host.process import Limits as CommandLimits
from ironwright.host.sandbox import Mount, Sandbox
from ironwright.records.answered import ANSWERED_BY
from ironwright.records.definition import Agent
from ironwright.records.errors import IronwrightError
from ironwright.records.handoff import Handoff
from ironwright.records.report import Usage

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.models import Model

    from ironwright.session.journal import JournalWriter


TARGET_MOUNT = "/w/target"
"""Where a workplace's mounts show the folder that cargo builds in."""


class Stopped(StrEnum):
    """Why an attempt stopped."""

    FINISHED = "finished"
    LIMIT = "limit"
    ASKED = "asked"
    HANDED_OFF = "handed_off"
    ERROR = "error"
    INTERRUPTED = "interrupted"


class StepRunner(Protocol):
    """Runs a step so that a finished one is never run again.

    The name is unique in the run and the same each time the run gets to this point. The action's value is
    JSON data. A runner that knows the step's value returns it without running the action.
    """

    async def __call__(self, name: str, action: Callable[[], Awaitable[Any]]) -> Any:
        """Run the action, or return what it returned before."""
        ...


async def plain_step(name: str, action: Callable[[], Awaitable[Any]]) -> Any:
    """The step runner that remembers nothing."""
    return await action()


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the agent works.

    Attributes:
        worktree: The git worktree on this machine; one of ``mounts`` shows it writable.
        sandbox: What runs its commands.
        mounts: What its commands see: the worktree at ``/w/repo``, a git directory; cargo builds in the one
            at :data:`TARGET_MOUNT`.
        env: Added to the environment of its commands.
        command_limits: Of each command.
    """

    worktree: Path
    sandbox: Sandbox
    mounts: tuple[Mount, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    command_limits: CommandLimits = field(default_factory=CommandLimits)


@dataclass(frozen=True, slots=True)
class TreeKeeper:
    """How an attempt looks at and restores the worktree as a whole.

    Attributes:
        snapshot: The id of the worktree's present tree; may block for some milliseconds.
        restore: Makes the worktree equal to a tree that ``snapshot`` returned.
        changed: The paths that differ between two such trees, relative to the worktree.
    """

    snapshot: Callable[[], str]
    restore: Callable[[str], None]
    changed: Callable[[str, str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Partners:
    """Whom an agent may hand work to.

    Attributes:
        names: Their names, with what each is for in a line.
        refusal: Why one of them must not be asked now; empty where it may.
    """

    names: Mapping[str, str]
    refusal: Callable[[str], str]


class Memory(Protocol):
    """The project's notes, as an agent may use them."""

    def objection(self, text: str, kind: str, source: str) -> str | None:
        """Why a note may not be proposed; None where nothing speaks against it."""
        ...

    def recall(self, text: str) -> str:
        """The notes that fit a text, as a list for the agent."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """What an attempt may use; None is no limit.

    Attributes:
        max_usd: US dollars; the request that crosses it still completes.
        max_turns: Model requests.
        max_minutes: Wall time in minutes.
    """

    max_usd: float | None = None
    max_turns: int | None = None
    max_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class RequestTokens:
    """What one model request used; input includes cache reads and writes."""

    input: int
    output: int
    cache_read: int
    cache_write: int


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """The model of an attempt.

    Attributes:
        model: What answers.
        label: ``provider:id``, for the journal and reports.
        price: US dollars of a request, or None where the price is not known.
        context: The model's context window in tokens, or None when nobody says.
        tools: Whether it can call tools; one that cannot is told to write commands. None when nobody says.
        price_of: US dollars of a request by the label of the model that answered it, where several may.
    """

    model: Model
    label: str
    price: Callable[[RequestTokens], float | None]
    context: int | None = None
    tools: bool | None = None
    price_of: Callable[[str, RequestTokens], float | None] | None = None

    def answered_by(self, response: ModelResponse) -> str:
        """The label of the model that gave an answer."""
        return str((response.metadata or {}).get(ANSWERED_BY, self.label))

    def cost(self, response: ModelResponse) -> float | None:
        """US dollars of the request behind an answer, or None where the price is not known."""
        used = response.usage
        tokens = RequestTokens(
            used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens
        )
        label = self.answered_by(response)
        if label == self.label or self.price_of is None:
            return self.price(tokens)
        return self.price_of(label, tokens)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the agent wants to know.

    Attributes:
        id: The call to answer; a key of :attr:`AttemptSpec.answers`.
        question: The question.
        assumed: What the agent assumes when nobody answers.
    """

    id: str
    question: str
    assumed: str

    def as_json(self) -> dict[str, str]:
        """The question as JSON data."""
        return {"id": self.id, "question": self.question, "assumed": self.assumed}


@dataclass(frozen=True, slots=True)
class AttemptSpec:
    """Everything that an attempt works from.

    Attributes:
        key: Unique in the run, and the same when the run is resumed (``attempt-1``); begins its step names.
        agent: The definition.
        task: What is asked for; the prompt. May be empty when only questions are answered.
        workplace: Where it works.
        model: What thinks.
        journal: Where it is written down.
        step: Runs its durable steps.
        trees: Looks at and restores the worktree; None does without recognising a call in flight.
        gates: One line for each gate of the contract.
        findings: What earlier checks found, rendered; may be empty.
        lessons: What the failed attempts of earlier agents taught, rendered; may be empty.
        instructions: ``(name, text)`` of the project's own (CLAUDE.md, AGENTS.md).
        protected: Globs of files that must not be edited, besides the built-in ones.
        forbidden: Commands that must not run (``git push --force``).
        limits: What it may use.
        history: The messages of an earlier attempt to go on from (:attr:`AttemptResult.messages`).
        answers: Answers to the questions on which that attempt stopped, by :attr:`Question.id`.
        unattended: Nobody answers: a question is decided by the agent's assumption.
        check: Runs the gates and renders what they found; None offers no ``check`` tool.
        partners: Whom the agent may hand work to; None offers no ``delegate`` tool.
        handed_back: What came of handoffs on which that attempt stopped, by :attr:`Handoff.id`.
        memory: The project's notes; None offers neither ``remember`` nor ``recall``.
        progress: Told in one line what is being done.
    """

    key: str
    agent: Agent
    task: str
    workplace: Workplace
    model: ModelAccess
    journal: JournalWriter
    step: StepRunner = plain_step
    trees: TreeKeeper | None = None
    gates: tuple[str, ...] = ()
    findings: str = ""
    lessons: str = ""
    instructions: tuple[tuple[str, str], ...] = ()
    protected: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    limits: AttemptLimits = AttemptLimits()
    history: bytes | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    unattended: bool = False
    check: Callable[[], Awaitable[str]] | None = None
    partners: Partners | None = None
    handed_back: Mapping[str, str] = field(default_factory=dict)
    memory: Memory | None = None
    progress: Callable[[str], None] = lambda line: None


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What came of an attempt.

    Attributes:
        stopped: Why it stopped.
        summary: The agent's own last words; an opinion, never evidence.
        usage: What was paid for.
        messages: The conversation as JSON, for :attr:`AttemptSpec.history`.
        seconds: Wall time.
        questions: What it wants to know, when it stopped to ask.
        handoffs: What it hands to others, when it stopped for that (or to ask as well).
        reason: Why it stopped in one sentence, for limits and errors; else empty.
        error: What went wrong, when it stopped on an error.
    """

    stopped: Stopped
    summary: str
    usage: Usage
    messages: bytes
    seconds: float
    questions: tuple[Question, ...] = ()
    handoffs: tuple[Handoff, ...] = ()
    reason: str = ""
    error: IronwrightError | None = None


class Engine(Protocol):
    """Something that works on an attempt."""

    async def __call__(self, spec: AttemptSpec) -> AttemptResult:
        """Work until the agent stops.

        A cancelled task ends the running command and model request, and is cancelled; everything else,
        a failing model too, is a result.
        """
        ...
