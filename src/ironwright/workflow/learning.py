"""What an ended run teaches: its outcomes go into the store, and what recurs is offered as a note."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ironwright.records.errors import StorageError
from ironwright.records.note import Note, NoteKind
from ironwright.records.paths import ProjectPaths
from ironwright.records.report import AttemptSummary, RunReport
from ironwright.records.verdict import Finding, Status, Verdict
from ironwright.routing.task_kind import task_kind
from ironwright.workflow.mechanical import NO_MODEL
from ironwright.workflow.memory import ProjectMemory
from ironwright.workflow.outcome_store import (
    AttemptOutcome,
    FindingShape,
    GateOutcome,
    Outcomes,
    OutcomeStore,
)

RECURS = 3
"""In how many runs of a repository the same was refused before it is worth a note."""

_LONGEST_SHAPE = 160
_BLANK = "…"
# Names and values that a message is about; without them it is the same message everywhere.
_NAMES = re.compile(
    r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)"  # quoted
    r"|(?:[\w.~-]*/)+[\w.-]*"  # paths
    r"|\b[A-Za-z_]\w*(?:(?:::|\.|_)\w+)+(?:\(\))?"  # names of code
    r"|\b[0-9a-f]{7,}\b|[-+$]?\d[\d.,_]*%?",  # digests and numbers
)
_BLANKS = re.compile(rf"{_BLANK}(?:[\s,:]*{_BLANK})+")


@dataclass(frozen=True, slots=True)
class Lesson:
    """Something that was refused again and again in a repository.

    Attributes:
        id: Short and stable.
        gate: The gate that refused it.
        shape: What its findings said, without names and numbers.
        runs: The runs in which it was found, oldest first.
        times: How often it was found.
    """

    id: str
    gate: str
    shape: str
    runs: tuple[str, ...]
    times: int

    def as_json(self) -> dict[str, object]:
        """The lesson as JSON data, with the note that it would become."""
        return {
            "id": self.id,
            "gate": self.gate,
            "shape": self.shape,
            "runs": list(self.runs),
            "times": self.times,
            "note": self.note().text,
        }

    def note(self, date: str = "") -> Note:
        """The lesson as a note of the project's memory."""
        text = f"{self.gate} refused work in {len(self.runs)} runs here: {self.shape}"
        return Note(text, NoteKind.PITFALL, date, f"runs {', '.join(self.runs[-RECURS:])}")


def outcomes_of(report: RunReport, project: str, ended: str) -> Outcomes:
    """What a run's report says, without any text of the task, the work or the agent.

    Args:
        report: The report of a run that is over.
        project: The repository's key.
        ended: When it ended, ISO 8601 in UTC.
    """
    attempts: list[AttemptOutcome] = []
    verdicts: list[GateOutcome] = []
    shapes: list[FindingShape] = []
    for number, work in enumerate(_works(report.attempts, report.task), start=1):
        item, usage = work.attempt, work.attempt.usage
        attempts.append(
            AttemptOutcome(
                run=report.run_id,
                number=number,
                project=project,
                ended=ended,
                kind=task_kind(work.task).value,
                task=task_digest(work.task),
                agent=item.agent,
                model=item.model,
                tried=work.tried,
                escalated=work.escalated,
                stopped=item.stopped,
                verdict=item.check.status.value if item.check else None,
                requests=usage.requests,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cache_read_tokens=usage.cache_read_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                dollars=usage.dollars,
                seconds=item.seconds,
                outcome=report.outcome.value,
                handoff=work.handoff,
            )
        )
        for verdict in item.check.verdicts if item.check else ():
            verdicts.append(_gate_outcome(report.run_id, number, verdict))
            if verdict.status is Status.FAIL:
                shapes += _shapes(report.run_id, number, verdict)
    return Outcomes(tuple(attempts), tuple(verdicts), tuple(shapes))


def learn(report: RunReport, project: ProjectPaths, ended: str, store: OutcomeStore) -> RunReport:
    """Keep the outcomes of a run that is over; a second time changes nothing.

    Returns:
        The report, with a remark where the store could not be written: the run is over, so that is no
        reason to lose its report.
    """
    try:
        store.add(outcomes_of(report, project.key, ended))
    except StorageError as error:
        remark = f"nothing was learned from this run: {error.what} ({error.where})"
        return replace(report, notes=tuple(dict.fromkeys((*report.notes, remark))))
    return report


def task_digest(task: str) -> str:
    """A digest that is the same for the same words, whatever their case and spacing."""
    return hashlib.sha256(" ".join(task.split()).casefold().encode()).hexdigest()[:16]


def shape_of(finding: Finding) -> str:
    """A finding's message without what differs from place to place: names, paths, numbers, quotations.

    The rest is at most the first 160 characters of its first line. So nothing of the code is kept, and the
    same mistake has the same shape everywhere.
    """
    first = finding.message.strip().splitlines()[0] if finding.message.strip() else ""
    blanked = _BLANKS.sub(_BLANK, _NAMES.sub(_BLANK, first))
    return " ".join(blanked.split())[:_LONGEST_SHAPE]


def lessons(shapes: Iterable[FindingShape], memory: ProjectMemory) -> tuple[Lesson, ...]:
    """What was refused in several runs and is not noted yet, most frequent first.

    Args:
        shapes: Findings of one repository's runs, oldest first.
        memory: The repository's notes.

    Raises:
        NoteError: A file of the memory cannot be read as a note.
    """
    seen: dict[tuple[str, str], list[FindingShape]] = {}
    for item in shapes:
        seen.setdefault((item.gate, item.shape), []).append(item)
    found = []
    for (gate, shape), items in seen.items():
        runs = tuple(dict.fromkeys(item.run for item in items))
        if len(runs) < RECURS:
            continue
        identifier = hashlib.sha256(f"{gate}\n{shape}".encode()).hexdigest()[:8]
        lesson = Lesson(identifier, gate, shape, runs, sum(item.times for item in items))
        if memory.objection(lesson.note()) is None:
            found.append(lesson)
    return tuple(sorted(found, key=lambda lesson: (-len(lesson.runs), -lesson.times, lesson.id)))


@dataclass(frozen=True, slots=True)
class _Work:
    """An attempt, its task in words, its try, whether that was an escalation, and its handoff's end."""

    attempt: AttemptSummary
    task: str
    tried: int
    escalated: bool
    handoff: str


def _works(
    attempts: Sequence[AttemptSummary], task: str, first: int = 1, handoff: str = ""
) -> Iterator[_Work]:
    """Attempts with their tries, numbered on through the handoffs that they made.

    A try is an agent with a model, its repairs, and what tools repaired of its work; tools before anybody's
    work are a try themselves.
    """
    tried, following = first - 1, first
    workers: list[tuple[str, str]] = []
    for place, item in enumerate(attempts):
        who = (item.agent, item.model)
        asks = item.model != NO_MODEL
        if place == 0 or (asks and workers[-1:] != [who]):
            tried, following = following, following + 1
        if asks:
            workers.append(who)
        yield _Work(item, task, tried, asks and len(set(workers)) > 1, handoff)
        for handed in item.handoffs:
            for work in _works(handed.attempts, handed.asked, following, handed.outcome or "open"):
                yield work
                following = max(following, work.tried + 1)


def _gate_outcome(run: str, number: int, verdict: Verdict) -> GateOutcome:
    return GateOutcome(
        run,
        number,
        verdict.gate,
        verdict.status.value,
        verdict.strength,
        len(verdict.findings),
        verdict.seconds,
    )


def _shapes(run: str, number: int, verdict: Verdict) -> list[FindingShape]:
    counted = Counter(shape_of(finding) for finding in verdict.findings)
    # A shape without words says nothing that could be learned.
    return [
        FindingShape(run, number, verdict.gate, shape, times)
        for shape, times in sorted(counted.items())
        if re.search(r"[^\W\d_]{3}", shape)
    ]
