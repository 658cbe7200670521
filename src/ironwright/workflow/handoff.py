"""Carries out a handoff: another agent in its own worktree, under its own gates, merged when they pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ironwright.host import clock
from ironwright.records.errors import IronwrightError, RunError
from ironwright.records.handoff import Handoff
from ironwright.records.journal import EventKind
from ironwright.records.report import Outcome
from ironwright.records.verdict import Status
from ironwright.workflow.context import HandedOff, RunContext, RunJournal
from ironwright.workflow.durable import StepsWithin
from ironwright.workflow.findings import render_findings
from ironwright.workflow.handoff_rules import failures_so_far, load_partner, refusal
from ironwright.workflow.plan import Plan, RunLimits, plan_of_handoff
from ironwright.workflow.run_store import RunFolder, RunRecord
from ironwright.workflow.state import State
from ironwright.workflow.worktree import Workspace

SHARE = 0.5
"""What of the asking agent's remaining money, requests and time a handoff may use; the rest finishes it."""

_MOST_ANSWER = 4_000
_MOST_FINDINGS = 6_000

_TASK = """\
{asking} hands this over to you.

{brief}

It works on this task: {task}

Your worktree holds its work so far; what you change is taken over only when your gates pass. Do what is \
asked and no more, and end with your answer."""


@dataclass(frozen=True, slots=True)
class HandoffFolder(RunFolder):
    """A handoff's folder in its run's; questions are answered where the run's are.

    Attributes:
        answered_at: The run's answers.
    """

    answered_at: Path

    @property
    def answers(self) -> Path:
        """The user's answers to the run's questions."""
        return self.answered_at


async def hand_off(run: RunContext, phase: str, handoff: Handoff) -> str:
    """Carry out a handoff, once, and merge what it brought where every gate passed.

    Journal: ``handed_off`` ``{"handoff", "phase", "from", "to", "finding", "attempted", "suspicion",
    "question", "files", "model", "limits", "journal"}``; ``handed_back`` ``{"handoff", "to", "outcome",
    "reason", "files", "gates", "usage"}``. The handoff's own events are in its own journal.

    Args:
        run: The asking run.
        phase: Its phase that asks.
        handoff: What is asked, of whom.

    Returns:
        What the asking agent is told, as JSON text.

    Raises:
        SuspendedError: A question waits for its answer, or the model or machine failed.
    """
    number = len(run.ledger.handoffs) + 1
    name = f"handoff-{number}"
    item = HandedOff(f"{run.key}.{number}" if run.key else name, phase, handoff)
    run.ledger.handoffs.append(item)

    async def plan() -> Mapping[str, Any]:
        return await asyncio.to_thread(_planned, run, handoff)

    planned = await run.step(f"{name}-plan", plan)
    if "refused" in planned:
        item.result = _result(handoff.agent, "not asked", planned["refused"])
    else:
        item.result = await _carry_out(run, name, item, Plan.from_json(planned["plan"]), planned)
    _journal_back(run, name, item)
    if "start" in planned:  # only now: what was cut off before is taken up again in this worktree
        await asyncio.to_thread(_workspace(run, name, planned["start"]).withdraw)
    return json.dumps(item.result, indent=1, ensure_ascii=False)


def _planned(run: RunContext, handoff: Handoff) -> Mapping[str, Any]:
    """What the handoff will be, or why it will not."""
    against = refusal(run, handoff.agent)
    if against or handoff.agent not in run.plan.partners:
        return {"refused": against or f"{run.plan.agent.name} may not hand work to it"}
    try:
        agent, contract, identity = load_partner(run, handoff.agent)
        plan = plan_of_handoff(
            run.record.request, run.ground, agent, contract, identity, _carved(run), failures_so_far(run)
        )
    except IronwrightError as error:
        return {"refused": f"{error.what}{f' ({error.where})' if error.where else ''}"}
    workspace = run.workspace
    tree, start = workspace.snapshot(), workspace.base
    if tree != workspace.objects.tree_of(start):
        date = clock.now()
        start = workspace.objects.commit_tree(
            tree, [start], f"Work of {run.plan.agent.name} so far", workspace.identity.environment(date)
        )
    return {"plan": plan.as_json(), "start": start, "tree": tree, "created": clock.now()}


def _carved(run: RunContext) -> RunLimits:
    """A part of what the asking run has left."""
    limits, used = run.plan.limits, run.ledger.usage
    dollars = None if limits.max_usd is None else max(0.0, limits.max_usd - (used.dollars or 0.0)) * SHARE
    return RunLimits(
        limits.repairs,
        dollars,
        max(1, int((limits.max_turns - used.requests) * SHARE)),
        max(0.1, (limits.max_minutes - run.ledger.minutes) * SHARE),
    )


async def _carry_out(
    run: RunContext, name: str, item: HandedOff, plan: Plan, planned: Mapping[str, Any]
) -> Mapping[str, Any]:
    from ironwright.workflow.run import work_to_outcome

    folder = HandoffFolder(run.folder.path / "handoffs" / name, run.folder.answers)
    folder.path.mkdir(parents=True, exist_ok=True)
    workspace = _workspace(run, name, planned["start"])
    over = run.journal.find(f"{name}/back") is not None
    item.model = plan.model
    run.listener.progress(f"{run.plan.agent.name} hands work to {plan.agent.name}")
    run.journal.append(EventKind.HANDED_OFF, _told(run, item, plan, folder), f"{name}/off")
    with RunJournal(folder.journal) as journal:
        journal.listener = run.listener
        item.events = lambda: journal.events
        if not over and journal.find("worktree") is not None:
            await asyncio.to_thread(workspace.take_up)
        child = replace(
            run,
            folder=folder,
            record=_record(run, workspace, plan, item.handoff, planned),
            plan=plan,
            workspace=workspace,
            journal=journal,
            step=StepsWithin(run.step, name),
            ledger=item.ledger,
            chain=(*run.chain, run.plan.agent.name),
            key=item.key,
        )
        _begin(child)
        state = child.ledger.reached(await work_to_outcome(child))
        merged = await _merge(run, name, child, state, planned["tree"])
    return _outcome(child, state, merged)


def _workspace(run: RunContext, name: str, start: str) -> Workspace:
    """A worktree of its own, inside the asking run's area, over the same store of objects."""
    asking = run.workspace
    root = asking.root or asking.base
    return Workspace(
        asking.repository,
        f"{asking.run_id}-{name}",
        f"{asking.branch}-{name}",
        start,
        asking.area / "handoffs" / name,
        asking.identity,
        store=asking.objects.object_directory,
        root=root if start != root else "",
    )


def _record(
    run: RunContext, workspace: Workspace, plan: Plan, handoff: Handoff, planned: Mapping[str, Any]
) -> RunRecord:
    task = _TASK.format(asking=run.plan.agent.name, brief=handoff.brief, task=run.record.request.task)
    request = replace(run.record.request, task=task, agent=plan.agent.name, notes=())
    return replace(
        run.record,
        run_id=workspace.run_id,
        created=planned["created"],
        request=request,
        base=workspace.base,
        branch=workspace.branch,
    )


def _begin(child: RunContext) -> None:
    """The first words of a handoff's own journal, as those of a run."""
    record, plan = child.record, child.plan
    child.journal.append(
        EventKind.RUN_STARTED,
        {
            "task": record.request.task,
            "repository": str(record.repository),
            "base": record.base,
            "branch": record.branch,
        },
        "started",
    )
    child.journal.append(
        EventKind.ROUTED,
        {
            "agent": plan.agent.name,
            "path": plan.agent.path,
            "reason": plan.route_reason,
            "model": plan.model,
            "contract": plan.contract_identity,
            "override_escalation": record.request.override_escalation,
            "earlier": [dict(item) for item in plan.earlier],
        },
        "routed",
    )


async def _merge(run: RunContext, name: str, child: RunContext, state: State, tree: str) -> bool:
    """Take the judged tree over into the asking agent's worktree, once.

    That agent waited meanwhile, so its tree is the one that the work began with, and what the gates passed
    is exactly what the merge is.
    """
    work = state.work
    if state.outcome is not Outcome.DELIVERED or work is None:
        return False

    async def take_over() -> bool:
        now = await asyncio.to_thread(run.workspace.state)
        present, _, head = now.partition("@")
        if present not in (tree, work.tree):
            raise RunError(
                "the worktree was changed while work was handed off, so the result cannot be merged",
                where=str(run.workspace.tree),
                advice="Put the worktree back as it was, then resume the run.",
            )
        await asyncio.to_thread(run.workspace.restore, f"{work.tree}@{head}")
        return True

    return bool(await run.step(f"{name}-merge", take_over))


def _outcome(child: RunContext, state: State, merged: bool) -> Mapping[str, Any]:
    check = state.check
    changed = state.work is not None and state.work.head != child.record.base
    if merged:
        outcome = "merged"
    elif not changed:
        outcome = "answered"
    else:
        outcome = "refused" if state.outcome is Outcome.REFUSED else "could not tell"
    files: tuple[str, ...] = ()
    if state.work is not None and changed:
        base = child.workspace.objects.tree_of(child.record.base)
        files = child.workspace.changed(f"{base}@", f"{state.work.tree}@")
    return {
        **_result(child.plan.agent.name, outcome, state.reason),
        "answer": state.attempts[-1].summary[:_MOST_ANSWER] if state.attempts else "",
        "files": list(files),
        "gates": [
            {"id": verdict.gate, "verdict": verdict.status.value, "reason": verdict.reason}
            for verdict in (check.verdicts if check and changed else ())
            if verdict.strength == "hard"
        ],
        "findings": render_findings(check)[:_MOST_FINDINGS]
        if check is not None and changed and check.status is not Status.PASS
        else "",
    }


def _result(agent: str, outcome: str, reason: str) -> dict[str, Any]:
    return {"agent": agent, "outcome": outcome, "reason": reason}


def _told(run: RunContext, item: HandedOff, plan: Plan, folder: RunFolder) -> Mapping[str, Any]:
    return {
        **{key: value for key, value in item.handoff.as_json().items() if key not in ("id", "agent")},
        "handoff": item.key,
        "phase": item.phase,
        "from": run.plan.agent.name,
        "to": item.handoff.agent,
        "model": plan.model,
        "limits": {
            "max_usd": plan.limits.max_usd,
            "max_turns": plan.limits.max_turns,
            "max_minutes": plan.limits.max_minutes,
        },
        "journal": str(folder.journal),
    }


def _journal_back(run: RunContext, name: str, item: HandedOff) -> None:
    result = item.result
    data = {
        "handoff": item.key,
        "to": item.handoff.agent,
        "outcome": result["outcome"],
        "reason": result["reason"],
        "files": result.get("files", []),
        "gates": result.get("gates", []),
        "usage": item.ledger.usage.as_json(),
    }
    run.journal.append(EventKind.HANDED_BACK, data, f"{name}/back")
