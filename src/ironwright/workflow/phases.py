"""The phases in which the agent works (a command, the attempt, a repair); an ended one is not repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ironwright.agents.partners import written_handoff
from ironwright.records.contract import Contract, Strength
from ironwright.records.errors import RunError
from ironwright.records.handoff import Handoff
from ironwright.records.journal import EventKind
from ironwright.records.report import Outcome, Usage
from ironwright.session.attempt import (
    AttemptLimits,
    AttemptResult,
    AttemptSpec,
    Question,
    Stopped,
    TreeKeeper,
    Workplace,
)
from ironwright.workflow.context import RunContext, SuspendedError
from ironwright.workflow.handoff_rules import partners_of
from ironwright.workflow.judge import check_for_agent
from ironwright.workflow.memory import ProjectMemory, RunMemory
from ironwright.workflow.run_store import read_json, write_json

MOST_ANSWERS = 20
"""How often one phase may stop to ask; an agent that only asks does not work."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What the agent is asked in one phase.

    Attributes:
        key: Its name in the run (``attempt-1``, ``repair-2``, ``before-memo``).
        task: The prompt.
        history: The conversation so far, or None at its beginning.
        findings: What the gates found last, rendered; may be empty.
        answers: Answers to the questions on which the conversation stopped.
        lessons: What earlier agents' failed attempts taught; may be empty.
        handed_back: What came of handoffs on which the conversation stopped.
    """

    key: str
    task: str
    history: bytes | None = None
    findings: str = ""
    answers: Mapping[str, str] | None = None
    lessons: str = ""
    handed_back: Mapping[str, str] | None = None


async def work_phase(run: RunContext, phase: Phase) -> AttemptResult:
    """Let the agent work, answer what it asks, carry out what it hands off, note the end.

    What ended is not gone through again.

    Raises:
        SuspendedError: A question waits for its answer, or the model or machine failed.
    """
    parts = [await _once(run, phase)]
    while (written := _written(run, parts[-1])) or parts[-1].stopped in (Stopped.ASKED, Stopped.HANDED_OFF):
        if len(parts) > MOST_ANSWERS:
            raise SuspendedError(Outcome.FAILED, f"the agent asked {MOST_ANSWERS} times without working")
        if (written or parts[-1].handoffs) and exhausted(run) is not None:
            break
        answers = _answers(run, phase.key, parts[-1].questions)
        handed_back = {
            item.id: await run.hand_off(run, phase.key, item)
            for item in (*parts[-1].handoffs, *([written] if written else ()))
        }
        key, task = f"{phase.key}-answered-{len(parts)}", ""
        if written:
            task = (
                f"{written.agent} worked on what you handed over:\n\n{handed_back.pop(written.id)}\n\nGo on."
            )
        parts.append(
            await _once(run, Phase(key, task, parts[-1].messages, answers=answers, handed_back=handed_back))
        )
    return _joined(parts)


def _written(run: RunContext, part: AttemptResult) -> Handoff | None:
    """The handoff that an agent's last words ask for, as definitions of other tools teach it."""
    if part.stopped is not Stopped.FINISHED:
        return None
    allowed = partners_of(run)
    return None if allowed is None else written_handoff(part.summary, allowed.names)


def exhausted(run: RunContext) -> str | None:
    """Which limit of the run is used up, as words for a reason; None while something is left."""
    limits, used = run.plan.limits, run.ledger.usage
    if used.requests >= limits.max_turns:
        return f"all {limits.max_turns} model requests are used"
    if run.ledger.minutes >= limits.max_minutes:
        return f"all {limits.max_minutes:g} minutes are used"
    if limits.max_usd is not None and (used.dollars or 0.0) >= limits.max_usd:
        return f"all ${limits.max_usd:g} are used"
    return None


async def _once(run: RunContext, phase: Phase) -> AttemptResult:
    """Go through a phase; where a model broke off an earlier try, with a fresh one on the same worktree."""
    tries = 1
    current = phase
    while (ended := _recorded(run, current)) is not None:
        if ended.stopped is not Stopped.ERROR:
            return ended
        tries += 1
        current = replace(phase, key=f"{phase.key}-try-{tries}")
    first = run.step.count
    run.listener.progress(f"{run.plan.agent.name} works: {current.key}")
    run.journal.append(EventKind.ATTEMPT_STARTED, _started(run, current), f"{current.key}/attempt-started")
    result = await run.engine(_spec(run, current))
    # A step that failed is tried again when the run goes on, so the phase is not over.
    if result.stopped is Stopped.INTERRUPTED or run.step.failed is not None:
        raise _failed(result) from result.error
    run.journal.append(EventKind.ATTEMPT_ENDED, _ended(result), f"{current.key}/attempt-ended")
    # The file is what says that the phase is over: its steps are skipped from now on, not replayed,
    # because a limit of time would not strike at the same moment again.
    path = _phase_file(run, current.key)
    path.parent.mkdir(exist_ok=True)
    write_json(path, {"steps": run.step.count - first, "result": _result_as_json(result)})
    run.ledger.add(current.key, result)
    if result.stopped is Stopped.ERROR:
        # The model's own answers led here, and a replay of them would lead here again.
        raise _failed(result) from result.error
    return result


def _recorded(run: RunContext, phase: Phase) -> AttemptResult | None:
    """The result of a phase that is over, its steps passed over; None where it is not."""
    path = _phase_file(run, phase.key)
    if not path.exists():
        return None
    ended = read_json(path)
    if not isinstance(ended.get("steps"), int) or not isinstance(ended.get("result"), dict):
        raise RunError("the record of an ended phase is damaged", where=str(path))
    result = _result_from_json(ended["result"])
    run.step.skip(ended["steps"])
    run.ledger.add(phase.key, result)
    return result


def _spec(run: RunContext, phase: Phase) -> AttemptSpec:
    workspace, plan, limits = run.workspace, run.plan, run.plan.limits
    used = run.ledger.usage
    left = None if limits.max_usd is None else max(0.0, limits.max_usd - (used.dollars or 0.0))
    return AttemptSpec(
        key=phase.key,
        agent=plan.agent,
        task=phase.task,
        workplace=Workplace(workspace.tree, run.sandbox, workspace.mounts(run.sandbox)),
        model=run.model,
        journal=run.journal,
        step=run.step,
        trees=TreeKeeper(workspace.state, workspace.restore, workspace.changed),
        gates=plan.gates,
        findings=phase.findings,
        lessons=phase.lessons,
        instructions=plan.instructions,
        protected=run.ground.config.run.protected,
        forbidden=_forbidden(plan.contract),
        limits=AttemptLimits(
            max_usd=left,
            max_turns=max(1, limits.max_turns - used.requests),
            max_minutes=max(0.1, limits.max_minutes - run.ledger.minutes),
        ),
        history=phase.history,
        answers=phase.answers or {},
        partners=partners_of(run),
        handed_back=phase.handed_back or {},
        unattended=run.record.request.unattended,
        check=lambda: check_for_agent(run, phase.key),
        memory=RunMemory(ProjectMemory(run.ground.project.memory), lambda: run.journal.events),
        progress=run.listener.progress,
    )


def _forbidden(contract: Contract) -> tuple[str, ...]:
    """The commands that the contract forbids outright; a wish is not worth stopping the agent for."""
    return tuple(
        command
        for binding in contract.bindings
        if binding.gate == "forbidden_commands" and binding.strength is Strength.HARD
        for command in binding.params["commands"]
    )


def _answers(run: RunContext, key: str, questions: Sequence[Question]) -> dict[str, str]:
    given: Mapping[str, Any] = read_json(run.folder.answers) if run.folder.answers.exists() else {}
    missing = [question for question in questions if question.id not in given]
    if missing:
        raise SuspendedError(
            Outcome.WAITING,
            f"the agent asks: {missing[0].question}",
            tuple(question.as_json() for question in missing),
        )
    answers = {question.id: str(given[question.id]) for question in questions}
    for identifier, text in answers.items():
        run.journal.append(EventKind.ANSWER, {"id": identifier, "answer": text}, f"{key}/answer-{identifier}")
    return answers


def _failed(result: AttemptResult) -> SuspendedError:
    if result.stopped is Stopped.INTERRUPTED:
        return SuspendedError(Outcome.INTERRUPTED, result.reason or "the run was interrupted")
    reason = result.error.what if result.error is not None else result.reason
    return SuspendedError(Outcome.FAILED, reason or "the agent's work broke off")


def _joined(parts: Sequence[AttemptResult]) -> AttemptResult:
    last = parts[-1]
    usage = Usage()
    for part in parts:
        usage += part.usage
    return AttemptResult(
        stopped=last.stopped,
        summary=last.summary,
        usage=usage,
        messages=last.messages,
        seconds=sum(part.seconds for part in parts),
        questions=last.questions,
        handoffs=last.handoffs,
        reason=last.reason,
    )


def _phase_file(run: RunContext, key: str) -> Path:
    return run.folder.path / "phases" / f"{key.replace(':', '_').replace('/', '_')}.json"


def _started(run: RunContext, phase: Phase) -> dict[str, Any]:
    return {
        "attempt": phase.key,
        "agent": run.plan.agent.name,
        "model": run.model.label,
        "task": phase.task,
        "findings": phase.findings,
        "lessons": phase.lessons,
        # What the agent is told with its definition, so that it need not read it again.
        "supplied": [name for name, _ in run.plan.instructions]
        + [include.name for include in run.plan.agent.includes],
    }


def _ended(result: AttemptResult) -> dict[str, Any]:
    return {
        "stopped": result.stopped.value,
        "summary": result.summary,
        "reason": result.reason,
        "usage": result.usage.as_json(),
        "seconds": round(result.seconds, 3),
    }


def _result_as_json(result: AttemptResult) -> dict[str, Any]:
    return {
        **_ended(result),
        "seconds": result.seconds,
        "questions": [question.as_json() for question in result.questions],
        "handoffs": [handoff.as_json() for handoff in result.handoffs],
        "messages": result.messages.decode(),
    }


def _result_from_json(data: Mapping[str, Any]) -> AttemptResult:
    try:
        return AttemptResult(
            stopped=Stopped(data["stopped"]),
            summary=data["summary"],
            usage=Usage.from_json(data["usage"]),
            messages=data["messages"].encode(),
            seconds=data["seconds"],
            questions=tuple(Question(**question) for question in data["questions"]),
            handoffs=tuple(Handoff.from_json(item) for item in data.get("handoffs", ())),
            reason=data["reason"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"the record of an ended phase is damaged ({error})") from error
