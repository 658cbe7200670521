"""What a check or a run found, as data; renderers turn it into text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ironwright.records.errors import ExitCode
from ironwright.records.verdict import Status, Verdict, overall


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The gates' verdicts on one change.

    Attributes:
        contract: Name of the contract that chose the gates.
        base: Base commit id, or None.
        head: Head commit id.
        base_label: What the user called the base.
        head_label: What the user called the head.
        verdicts: One for each gate, in the order they ran.
        notes: Remarks about the check as a whole (gates that do not apply here, assumptions).
        seconds: Wall time of the whole check.
    """

    contract: str
    base: str | None
    head: str
    base_label: str
    head_label: str
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def status(self) -> Status:
        """The verdict of the whole check."""
        return overall(self.verdicts)

    @property
    def exit_code(self) -> ExitCode:
        """0 pass, 1 a gate failed, 3 could not tell."""
        return {
            Status.PASS: ExitCode.PASS,
            Status.FAIL: ExitCode.GATES_FAILED,
            Status.UNKNOWN: ExitCode.COULD_NOT_TELL,
        }[self.status]

    def as_json(self) -> dict[str, Any]:
        """The report in the documented JSON shape of ``ironwright check``."""
        return {
            "verdict": self.status.value,
            "contract": self.contract,
            "base": self.base,
            "head": self.head,
            "base_label": self.base_label,
            "head_label": self.head_label,
            "gates": [verdict.as_json() for verdict in self.verdicts],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CheckReport:
        """Read back what :meth:`as_json` wrote."""
        return cls(
            contract=data["contract"],
            base=data["base"],
            head=data["head"],
            base_label=data["base_label"],
            head_label=data["head_label"],
            verdicts=tuple(Verdict.from_json(item) for item in data["gates"]),
            notes=tuple(data["notes"]),
            seconds=data["seconds"],
        )


class Outcome(StrEnum):
    """How a run ended, or that it has not."""

    RUNNING = "running"
    DELIVERED = "delivered"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    WAITING = "waiting"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Usage:
    """What models were paid for. Tokens as the providers count them; dollars None where no price is known."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    dollars: float | None = 0.0

    def __add__(self, other: Usage) -> Usage:
        dollars = None if self.dollars is None or other.dollars is None else self.dollars + other.dollars
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            dollars,
        )

    def as_json(self) -> dict[str, Any]:
        """The usage as JSON data."""
        return {
            "requests": self.requests,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cache_read_tokens": self.cache_read_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "dollars": self.dollars,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Usage:
        """Read back what :meth:`as_json` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer model thinks of one clause that no gate checks; it is no verdict and decides nothing.

    Attributes:
        clause: The clause's sentence.
        place: ``path:line`` of the sentence.
        answer: ``kept``, ``broken`` or ``unclear``.
        why: The reviewer's reason.
        model: Who said it.
    """

    clause: str
    place: str
    answer: str
    why: str
    model: str

    def as_json(self) -> dict[str, str]:
        """The opinion as JSON data."""
        return {
            "clause": self.clause,
            "place": self.place,
            "answer": self.answer,
            "why": self.why,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class HandoffSummary:
    """What an agent handed to another one, and what came of it.

    Attributes:
        key: Its name in the run (``handoff-1``, ``handoff-1.2``).
        agent: Who was asked.
        model: The model as ``provider:id``; empty where nobody worked on it.
        asked: What was found and asked.
        outcome: ``merged``, ``answered``, ``refused``, ``could not tell``, ``not asked``, or empty while it
            is under way.
        reason: Why.
        files: What was merged, or refused.
        usage: What it cost, with what it handed on itself.
        attempts: The attempts of who was asked, each with its own verdicts and handoffs.
    """

    key: str
    agent: str
    model: str
    asked: str
    outcome: str
    reason: str
    files: tuple[str, ...]
    usage: Usage
    attempts: tuple[AttemptSummary, ...]

    def as_json(self) -> dict[str, Any]:
        """The handoff as JSON data."""
        return {
            "key": self.key,
            "agent": self.agent,
            "model": self.model,
            "asked": self.asked,
            "outcome": self.outcome,
            "reason": self.reason,
            "files": list(self.files),
            "usage": self.usage.as_json(),
            "attempts": [attempt.as_json() for attempt in self.attempts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> HandoffSummary:
        """Read back what :meth:`as_json` wrote."""
        return cls(
            **{
                **data,
                "files": tuple(data["files"]),
                "usage": Usage.from_json(data["usage"]),
                "attempts": tuple(AttemptSummary.from_json(item) for item in data["attempts"]),
            }
        )


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """One attempt or repair: who worked, what it cost, what the gates said of it.

    Attributes:
        number: 1-based.
        agent: The agent's name.
        model: The model as ``provider:id``.
        stopped: Why it stopped: ``finished``, ``limit``, ``asked``, ``error`` or ``interrupted``.
        summary: The agent's own last words; an opinion, never evidence.
        usage: What it cost.
        seconds: Wall time.
        check: The gates' answer, or None when it never came to that.
        handoffs: What it handed to other agents; their cost is not in ``usage``.
    """

    number: int
    agent: str
    model: str
    stopped: str
    summary: str
    usage: Usage
    seconds: float
    check: CheckReport | None
    handoffs: tuple[HandoffSummary, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The attempt as JSON data."""
        return {
            "number": self.number,
            "agent": self.agent,
            "model": self.model,
            "stopped": self.stopped,
            "summary": self.summary,
            "usage": self.usage.as_json(),
            "seconds": round(self.seconds, 3),
            "check": self.check.as_json() if self.check else None,
            "handoffs": [handoff.as_json() for handoff in self.handoffs],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AttemptSummary:
        """Read back what :meth:`as_json` wrote."""
        check = data["check"]
        return cls(
            number=data["number"],
            agent=data["agent"],
            model=data["model"],
            stopped=data["stopped"],
            summary=data["summary"],
            usage=Usage.from_json(data["usage"]),
            seconds=data["seconds"],
            check=None if check is None else CheckReport.from_json(check),
            handoffs=tuple(HandoffSummary.from_json(item) for item in data.get("handoffs", ())),
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as a whole.

    Attributes:
        run_id: The run's id.
        task: The task as the user wrote it.
        outcome: How it ended.
        reason: One sentence on why.
        agent: The agent that was chosen.
        route_reason: Why that agent.
        repository: The user's repository.
        base: The commit it started from.
        branch: ``ironwright/<run-id>``.
        head: The delivered commit, or None.
        attempts: Each attempt with its verdicts.
        commits: ``(id, subject)`` of the delivered commits, oldest first.
        questions: Questions to the user that are open, each ``{"question", "assumed"}``.
        usage: Sum of the attempts.
        seconds: Wall time.
        journal: Path of the journal.
        notes: Remarks, for example that the model's part was a recording.
        opinions: What a reviewer model said about the clauses that no gate checks; no verdicts.
    """

    run_id: str
    task: str
    outcome: Outcome
    reason: str
    agent: str
    route_reason: str
    repository: str
    base: str
    branch: str
    head: str | None
    attempts: tuple[AttemptSummary, ...]
    commits: tuple[tuple[str, str], ...]
    usage: Usage
    seconds: float
    journal: str
    questions: tuple[Mapping[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())
    opinions: tuple[Opinion, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """0 delivered, 1 refused by a gate, 130 interrupted, 3 everything that could not be told."""
        return {
            Outcome.DELIVERED: ExitCode.PASS,
            Outcome.REFUSED: ExitCode.GATES_FAILED,
            Outcome.INTERRUPTED: ExitCode.INTERRUPTED,
        }.get(self.outcome, ExitCode.COULD_NOT_TELL)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON data."""
        return {
            "run": self.run_id,
            "task": self.task,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "agent": self.agent,
            "route_reason": self.route_reason,
            "repository": self.repository,
            "base": self.base,
            "branch": self.branch,
            "head": self.head,
            "attempts": [attempt.as_json() for attempt in self.attempts],
            "commits": [{"id": commit, "subject": subject} for commit, subject in self.commits],
            "questions": [dict(question) for question in self.questions],
            "usage": self.usage.as_json(),
            "seconds": round(self.seconds, 3),
            "journal": self.journal,
            "notes": list(self.notes),
            "opinions": [opinion.as_json() for opinion in self.opinions],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunReport:
        """Read back what :meth:`as_json` wrote."""
        return cls(
            run_id=data["run"],
            task=data["task"],
            outcome=Outcome(data["outcome"]),
            reason=data["reason"],
            agent=data["agent"],
            route_reason=data["route_reason"],
            repository=data["repository"],
            base=data["base"],
            branch=data["branch"],
            head=data["head"],
            attempts=tuple(AttemptSummary.from_json(item) for item in data["attempts"]),
            commits=tuple((item["id"], item["subject"]) for item in data["commits"]),
            usage=Usage.from_json(data["usage"]),
            seconds=data["seconds"],
            journal=data["journal"],
            questions=tuple(data["questions"]),
            notes=tuple(data["notes"]),
            opinions=tuple(Opinion(**item) for item in data.get("opinions", ())),
        )
