"""The gates' part in a run: commit what is there, judge exactly that, tell the agent what was found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ironwright.host import clock
from ironwright.records.errors import IronwrightError
from ironwright.records.journal import EventKind
from ironwright.records.report import CheckReport
from ironwright.workflow.check import CheckRequest, check_change
from ironwright.workflow.commits import Work, commit_work, work_as_json, work_from_json
from ironwright.workflow.context import RunContext
from ironwright.workflow.findings import render_findings
from ironwright.workflow.run_store import write_json

NOTHING_CHANGED = "Nothing differs from the base commit yet, so there is nothing to check."


async def commit_step(run: RunContext, number: int) -> Work:
    """Commit what is in the worktree, once; the commits are what is judged and, if it passes, delivered."""

    async def commit() -> dict[str, object]:
        run.listener.progress("committing the work")
        work = await asyncio.to_thread(_commit, run)
        commits = [{"id": oid, "subject": subject} for oid, subject in work.commits]
        run.journal.append(
            EventKind.COMMITTED,
            {"head": work.head, "tree": work.tree, "commits": commits, "notes": list(work.notes)},
            f"commit-{number}",
        )
        return work_as_json(work)

    recorded: Mapping[str, object] = await run.step(f"commit-{number}", commit)
    return work_from_json(recorded)


async def check_step(run: RunContext, number: int, work: Work, in_progress: bool) -> CheckReport:
    """Judge the committed work by the contract, once.

    Args:
        run: The run.
        number: Which check of the run it is.
        work: What is judged.
        in_progress: Whether something that the contract demands is still to come whatever the gates say,
            so that this check cannot be the one that decides for delivery.
    """

    async def check() -> dict[str, Any]:
        run.listener.progress("the gates judge the committed work")
        report = await _check(run, work, in_progress)
        _journal_check(run, report, work, "run", f"check-{number}")
        folder = run.folder.path / "checks"
        folder.mkdir(exist_ok=True)
        write_json(folder / f"{number}.json", report.as_json())
        return report.as_json()

    return CheckReport.from_json(await run.step(f"check-{number}", check))


async def check_for_agent(run: RunContext, key: str) -> str:
    """What the agent's ``check`` tool answers: the same gates on the same kind of commit.

    It is a part of a tool call, which is the durable step; so it may run again when the process dies, and
    then its verdicts come from the cache.
    """
    work = await asyncio.to_thread(_commit, run)
    if work.head == run.record.base:
        return NOTHING_CHANGED
    try:
        report = await _check(run, work, in_progress=True)
    except IronwrightError as error:
        return f"The gates could not be run: {error}"
    times = sum(1 for event in run.journal.events if event.step.startswith(f"{key}/check-{work.tree}"))
    _journal_check(run, report, work, "agent", f"{key}/check-{work.tree}-{times + 1}")
    return render_findings(report)


def _commit(run: RunContext) -> Work:
    return commit_work(run.workspace, run.record.request.task, run.plan.agent.name, clock.now())


async def _check(run: RunContext, work: Work, in_progress: bool) -> CheckReport:
    request = CheckRequest(
        folder=run.ground.repository.root,
        contract=run.plan.contract_source,
        config=run.ground.config,
        base=run.record.base,
        head=work.head,
        journal=run.folder.journal,
        in_progress=in_progress,
        sandbox=run.record.request.sandbox,
        progress=run.listener.progress,
        on_verdict=run.listener.verdict,
        stop=run.stop,
        objects=run.workspace.objects.object_directory,
    )
    checking = asyncio.create_task(asyncio.to_thread(check_change, request))
    try:
        return await asyncio.shield(checking)
    except asyncio.CancelledError:
        # The thread cannot be cancelled: it is told to stop, and waited for, so that no command outlives us.
        run.stop.set()
        await asyncio.wait([checking])
        raise


def _journal_check(run: RunContext, report: CheckReport, work: Work, asked_by: str, step: str) -> None:
    run.journal.append(
        EventKind.CHECKED,
        {
            "asked_by": asked_by,
            "head": work.head,
            "tree": work.tree,
            "verdict": report.status.value,
            "gates": [
                {
                    "id": verdict.gate,
                    "verdict": verdict.status.value,
                    "strength": verdict.strength,
                    "reason": verdict.reason,
                    "findings": len(verdict.findings),
                }
                for verdict in report.verdicts
            ],
        },
        step,
    )
