"""How a run ends or stops: its report, the journal's last word, and what is left on disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from ironwright.models.paid_once import end_server
from ironwright.records.journal import Event, EventKind
from ironwright.records.report import AttemptSummary, HandoffSummary, Outcome, RunReport, Usage
from ironwright.workflow.context import HandedOff, Ledger, RunContext, RunJournal
from ironwright.workflow.plan import Plan
from ironwright.workflow.run_store import RunFolder, RunRecord, write_json, write_whole
from ironwright.workflow.state import Attempted
from ironwright.workflow.worktree import Workspace

ENDED = "ended"
"""The journal's step that says that nothing more will happen in a run."""


def build_report(
    folder: RunFolder,
    record: RunRecord,
    plan: Plan,
    journal: RunJournal,
    ledger: Ledger,
    outcome: Outcome,
    reason: str,
    questions: Sequence[Mapping[str, str]] = (),
    notes: Sequence[str] = (),
) -> RunReport:
    """The report of a run as it stands."""
    state = ledger.state
    delivered = outcome is Outcome.DELIVERED and state.work is not None
    return RunReport(
        run_id=record.run_id,
        task=record.request.task,
        outcome=outcome,
        reason=reason,
        agent=plan.agent.name,
        route_reason=plan.route_reason,
        repository=str(record.repository),
        base=record.base,
        branch=record.branch,
        head=state.work.head if delivered and state.work else None,
        attempts=tuple(
            _summary(number, item, plan, ledger) for number, item in enumerate(state.attempts, start=1)
        ),
        commits=state.work.commits if delivered and state.work else (),
        usage=paid(journal.events, ledger),
        seconds=active_seconds(journal.events),
        journal=str(folder.journal),
        opinions=state.opinions,
        questions=tuple(dict(question) for question in questions),
        notes=tuple(dict.fromkeys((*_assumptions(journal.events), *plan.notes, *state.notes, *notes))),
    )


def finish(run: RunContext) -> RunReport:
    """Write the report of a run that is over, and the journal's last word."""
    state = run.ledger.state
    assert state.outcome is not None
    notes = []
    if state.outcome is not Outcome.DELIVERED and left_work(run.journal.events, run.record.base):
        notes.append(f"the work that was not delivered is in {run.workspace.tree}")
    report = build_report(
        run.folder, run.record, run.plan, run.journal, run.ledger, state.outcome, state.reason, notes=notes
    )
    write_report(run.folder, report)
    run.journal.append(
        EventKind.RUN_ENDED,
        {"outcome": report.outcome.value, "reason": report.reason, "usage": report.usage.as_json()},
        ENDED,
    )
    return report


def write_report(folder: RunFolder, report: RunReport) -> None:
    """Write ``report.json`` and ``report.md``.

    Raises:
        RunError: They cannot be written.
    """
    from ironwright.reporting.markdown import run_as_markdown

    write_whole(folder.path / "report.md", run_as_markdown(report).encode())
    write_json(folder.report, report.as_json())


def left_work(events: Sequence[Event], base: str) -> bool:
    """Whether the agent's last commit differs from where it began."""
    heads = [event.data["head"] for event in events if event.kind is EventKind.COMMITTED]
    return bool(heads) and heads[-1] != base


def clear_up(folder: RunFolder, workspace: Workspace, outcome: Outcome, events: Sequence[Event]) -> None:
    """Remove what an ended run needs no more; a refused run's worktree stays for a person to look at.

    Where the agent changed nothing, there is nothing to look at: its branch goes as well.
    """
    if outcome is Outcome.DELIVERED:
        workspace.remove()
    elif left_work(events, workspace.base):
        workspace.hand_back()
    else:
        workspace.withdraw()
    if folder.recordings.exists():
        end_server(folder.recordings, abandon=True)
        shutil.rmtree(folder.recordings, ignore_errors=True)


def paid(events: Sequence[Event], ledger: Ledger | None = None) -> Usage:
    """What models were paid for: by the phases that ended, and by the requests of one that did not.

    Args:
        events: The run's journal.
        ledger: The phases that ended; without it every request is taken from the journal.
    """
    ended = {key for key, _ in ledger.phases} if ledger is not None else set()
    total = ledger.own_usage if ledger is not None else Usage()
    for event in events:
        if event.kind is EventKind.MODEL_RESPONSE and event.data["attempt"] not in ended:
            total += Usage.from_json(event.data["usage"])
    for item in ledger.handoffs if ledger is not None else ():
        total += paid(item.events(), item.ledger)
    return total


def active_seconds(events: Sequence[Event]) -> float:
    """Wall time of a run without the time in which no process worked on it."""
    total = 0.0
    for earlier, later in pairwise(events):
        if later.kind is not EventKind.RESUMED:
            total += (
                datetime.fromisoformat(later.time) - datetime.fromisoformat(earlier.time)
            ).total_seconds()
    return round(max(0.0, total), 3)


def _summary(number: int, item: Attempted, plan: Plan, ledger: Ledger) -> AttemptSummary:
    usage, seconds = Usage(), 0.0
    for key, result in ledger.phases:
        if any(key == own or key.startswith((f"{own}-answered-", f"{own}-try-")) for own in item.keys):
            usage += result.usage
            seconds += result.seconds
    return AttemptSummary(
        number=number,
        agent=item.agent or plan.agent.name,
        model=item.model or plan.model,
        stopped=item.stopped,
        summary=item.summary,
        usage=usage,
        seconds=seconds,
        check=item.check,
        handoffs=tuple(_handoff(each, plan) for each in ledger.handoffs if each.phase in item.keys),
    )


def _handoff(item: HandedOff, plan: Plan) -> HandoffSummary:
    ledger, handoff = item.ledger, item.handoff
    return HandoffSummary(
        key=item.key,
        agent=handoff.agent,
        model=item.model,
        asked=handoff.question or handoff.finding,
        outcome=str(item.result.get("outcome", "")),
        reason=str(item.result.get("reason", "")),
        files=tuple(item.result.get("files", ())),
        usage=paid(item.events(), ledger),
        attempts=tuple(
            _summary(number, attempt, plan, ledger)
            for number, attempt in enumerate(ledger.state.attempts, start=1)
        ),
    )


def _assumptions(events: Sequence[Event]) -> list[str]:
    """What was assumed where nobody was there to ask; it stands first in the report."""
    answered = {event.data.get("id") for event in events if event.kind is EventKind.ANSWER}
    return [
        f"assumed, as nobody was asked: {event.data.get('assumed')} (question: {event.data.get('question')})"
        for event in events
        if event.kind is EventKind.QUESTION
        and event.data.get("unattended")
        and event.data.get("id") not in answered
    ]
