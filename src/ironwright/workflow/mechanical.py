"""The mechanical tier: what the toolchain repairs by itself, kept only where the gates confirm it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ironwright.host.cargo_repair import (
    CLIPPY,
    COMPILER,
    FORMATTER,
    REPAIRERS,
    Repairer,
    RepairPlace,
    run_repairer,
)
from ironwright.host.process import Completed
from ironwright.host.tools import MissingTool, find_tool
from ironwright.records.contract import Contract
from ironwright.records.errors import RunError
from ironwright.records.journal import EventKind
from ironwright.records.report import CheckReport
from ironwright.records.verdict import Status
from ironwright.session.attempt import TARGET_MOUNT
from ironwright.workflow.cargo_setup import limits_of
from ironwright.workflow.context import RunContext
from ironwright.workflow.judge import check_step, commit_step
from ironwright.workflow.state import Attempted, State

TIER = "mechanical tier"
"""Who worked, in reports, where no agent did."""
NO_MODEL = "no model"

BY_GATE: Mapping[str, tuple[Repairer, ...]] = {
    "compile_errors": (COMPILER,),
    "clippy_warnings": (CLIPPY,),
    "unformatted_code": (FORMATTER,),
}
"""What can repair the findings of a gate without a model."""

_MOST_ROUNDS = len(BY_GATE)
"""One repaired gate may let the next one speak; more rounds would repeat one."""


def repairers_for(report: CheckReport, contract: Contract) -> tuple[Repairer, ...]:
    """What repairs a refused change; nothing where a hard gate failed that needs somebody who thinks."""
    refusing = {v.gate for v in report.verdicts if v.status is Status.FAIL and v.strength == "hard"}
    if not refusing or not refusing <= BY_GATE.keys():
        return ()
    wanted = {repairer.name for gate in refusing for repairer in BY_GATE[gate]}
    if any(binding.gate == "unformatted_code" for binding in contract.bindings):
        wanted.add(FORMATTER.name)  # the others do not lay out what they write
    return tuple(repairer for name, repairer in REPAIRERS.items() if name in wanted)


async def mechanical_tier(run: RunContext, state: State, *, in_progress: bool) -> State:
    """Let tools repair refused work before anybody is paid for it; without effect where they cannot.

    What they changed is committed and judged like an agent's work. It stays where no gate that passed before
    refuses now and the tools' own gates found less; else the worktree is put back, and a note says why.

    Args:
        run: The run.
        state: Judged work.
        in_progress: As for :func:`ironwright.workflow.judge.check_step`.
    """
    before: tuple[Repairer, ...] = ()
    for _ in range(_MOST_ROUNDS):
        report = state.check
        if state.outcome is not None or report is None or report.status is not Status.FAIL:
            return state
        repairers = repairers_for(report, run.plan.contract)
        if not repairers or repairers == before:
            return state
        before = repairers
        state, number = replace(state, mechanical=state.mechanical + 1), state.mechanical + 1
        done = await repair_by_tools(run, number, repairers, _named_files(run, state, report))
        state = replace(state, notes=(*state.notes, *done["notes"]))
        if not done["changed"]:
            return state
        state = await _judged(run, state, report, number, done, in_progress)
    return state


async def repair_by_tools(
    run: RunContext,
    number: int,
    repairers: Sequence[Repairer],
    files: frozenset[str] | None,
    *,
    fetch: bool = False,
) -> Mapping[str, Any]:
    """Run the tools in the worktree, once, and put back whatever they changed beside the point.

    Journal: ``mechanical_started`` ``{"number", "tools", "tree_before"}``; ``mechanical_ended`` ``{"number",
    "commands", "changed", "put_back", "tree_after", "notes"}``, each command with its ``argv``,
    ``exit_code`` and ``seconds``.

    Args:
        run: The run.
        number: Which use of the tier it is.
        repairers: What runs, in order.
        files: The Rust files that may change; None for all of them.
        fetch: Whether dependencies may be missing still; a check brings them here as well.

    Returns:
        The data of ``mechanical_ended``.
    """
    key = f"mechanical-{number}"

    async def act() -> Mapping[str, Any]:
        working = asyncio.create_task(asyncio.to_thread(_repair, run, number, repairers, files, fetch))
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            run.stop.set()  # the thread cannot be cancelled: it is told to stop, and waited for
            await asyncio.wait([working])
            raise

    done: Mapping[str, Any] = await run.step(key, act)
    return done


async def put_back(run: RunContext, number: int, why: str) -> None:
    """Bring the worktree back to where a use of the tier began.

    Journal: ``mechanical_undone`` ``{"number", "reason"}``.
    """
    key = f"mechanical-{number}"
    started = run.journal.find(f"{key}/started")
    assert started is not None

    async def undo() -> bool:
        await asyncio.to_thread(run.workspace.restore, started.data["tree_before"])
        data = {"number": number, "reason": why}
        run.journal.append(EventKind.MECHANICAL_UNDONE, data, f"{key}/undone")
        return True

    await run.step(f"{key}-undo", undo)


def summary_of(done: Mapping[str, Any]) -> str:
    """What the tools did, in one line."""
    names = list(dict.fromkeys(item["tool"] for item in done["commands"]))
    files = done["changed"]
    shown = ", ".join(files[:5]) + (f" and {len(files) - 5} more" if len(files) > 5 else "")
    return f"{', '.join(names)} changed {shown}" if files else f"{', '.join(names)} changed nothing"


def worse(before: CheckReport, after: CheckReport) -> str:
    """Why the gates say that the tools did no good; empty where they did."""
    earlier = {verdict.gate: verdict for verdict in before.verdicts}
    broken = [
        verdict.gate
        for verdict in after.verdicts
        if verdict.status is not Status.PASS
        and verdict.gate in earlier
        and earlier[verdict.gate].status is Status.PASS
    ]
    if broken:
        return f"{', '.join(broken)} passed before"
    # A gate that was blocked may speak now: only what the tools were called for is compared.
    called = [item for item in before.verdicts if item.gate in BY_GATE and item.status is Status.FAIL]
    later = {verdict.gate: verdict for verdict in after.verdicts}
    for verdict in called:
        now = later.get(verdict.gate)
        if now is not None and (
            now.status is Status.PASS
            or (now.status is Status.FAIL and len(now.findings) < len(verdict.findings))
        ):
            return ""
    return "the gates found as much as before"


async def _judged(
    run: RunContext,
    state: State,
    before: CheckReport,
    number: int,
    done: Mapping[str, Any],
    in_progress: bool,
) -> State:
    """Commit and judge what the tools did; keep it, or put everything back."""
    check = state.checks + 1
    work = await commit_step(run, check)
    report = await check_step(run, check, work, in_progress)
    state = replace(state, checks=check)
    objection = worse(before, report)
    if objection:
        await put_back(run, number, objection)
        note = f"what the tools changed was taken back ({objection}): {summary_of(done)}"
        return replace(state, notes=(*state.notes, note))
    made = Attempted((f"mechanical-{number}",), "finished", summary_of(done), report, TIER, NO_MODEL)
    return replace(state, work=work, attempts=(*state.attempts, made))


def _named_files(run: RunContext, state: State, report: CheckReport) -> frozenset[str]:
    """What the change touches and what the gates named: nothing else is the tools' business."""
    assert state.work is not None
    base = run.workspace.objects.tree_of(run.record.base)
    touched = run.workspace.changed(f"{base}@", f"{state.work.tree}@")
    named = (
        finding.path
        for verdict in report.verdicts
        if verdict.gate in BY_GATE and verdict.status is Status.FAIL
        for finding in verdict.findings
    )
    return frozenset(path for path in (*touched, *named) if path is not None)


def _repair(
    run: RunContext, number: int, repairers: Sequence[Repairer], files: frozenset[str] | None, fetch: bool
) -> Mapping[str, Any]:
    workspace, key = run.workspace, f"mechanical-{number}"
    over, known = run.journal.find(f"{key}/ended"), run.journal.find(f"{key}/started")
    if over is not None and over.data["tree_after"] == workspace.state():
        return over.data  # the process died between the journal's word and the step's record
    before = known.data["tree_before"] if known else workspace.state()
    run.journal.append(
        EventKind.MECHANICAL_STARTED,
        {"number": number, "tools": [each.name for each in repairers], "tree_before": before},
        f"{key}/started",
    )
    if known:  # an earlier process died in the middle of it
        workspace.restore(before)
    commands: list[dict[str, Any]] = []
    notes = _fetched(run) if fetch else []
    for repairer in repairers:
        run.listener.progress(f"{TIER}: {repairer.name}")
        missing = find_tool(repairer.tool) if repairer.tool else None
        if isinstance(missing, MissingTool):
            notes.append(f"{TIER}: {repairer.name} was left out: {missing.reason}; {missing.advice}")
            continue
        for ended in run_repairer(repairer, _place(run), _lints(run.plan.contract), run.stop):
            commands.append(_command(repairer, ended))
            if not ended.ok and repairer is not COMPILER:
                notes.append(f"{TIER}: {_problem(repairer, ended)}")
        if run.stop.is_set():
            raise RunError("the run was stopped", advice="`ironwright runs resume` goes on with it.")
    changed = workspace.changed(before, workspace.state())
    beside = [path for path in changed if not _may_change(path, files)]
    if beside:
        workspace.restore_paths(before, beside)
    data = {
        "number": number,
        "commands": commands,
        "changed": [path for path in changed if path not in beside],
        "put_back": beside,
        "tree_after": workspace.state(),
        "notes": notes,
    }
    run.journal.append(EventKind.MECHANICAL_ENDED, data, f"{key}/ended")
    return data


def _may_change(path: str, files: frozenset[str] | None) -> bool:
    return path.endswith(".rs") and (files is None or path in files)


def _fetched(run: RunContext) -> list[str]:
    """Bring the dependencies here, as the tools have no network; what is in the way, as notes."""
    from ironwright.host.cargo import CargoError, CargoWorkspace
    from ironwright.host.toolchain import toolchain

    config = run.ground.config
    cargo = CargoWorkspace(
        run.workspace.tree,
        run.workspace.area / "fetched",
        run.sandbox,
        toolchain(),
        config.cargo,
        limits_of(config.sandbox),
        stop=run.stop,
        progress=run.listener.progress,
    )
    try:
        for root in cargo.roots:
            cargo.prepare(root)
    except CargoError as error:
        return [f"{TIER}: {error.what}"]
    return []


def _place(run: RunContext) -> RepairPlace:
    config = run.ground.config
    return RepairPlace(
        run.workspace.tree,
        run.sandbox,
        run.workspace.mounts(run.sandbox),
        {"CARGO_TARGET_DIR": TARGET_MOUNT},
        limits_of(config.sandbox),
        config.cargo,
    )


def _lints(contract: Contract) -> list[str]:
    """What the contract asks of clippy beyond its defaults."""
    asked = [lint for b in contract.bindings if b.gate == "clippy_warnings" for lint in b.params["deny"]]
    return [lint if "::" in lint else f"clippy::{lint}" for lint in asked]


def _command(repairer: Repairer, ended: Completed) -> dict[str, Any]:
    return {
        "tool": repairer.name,
        "argv": list(ended.argv),
        "exit_code": ended.exit_code,
        "seconds": round(ended.seconds, 3),
    }


def _problem(repairer: Repairer, ended: Completed) -> str:
    lines = [line.strip() for line in ended.error_text.splitlines() if line.startswith("error")]
    why = lines[0] if lines else ended.limit_hit or f"exit code {ended.exit_code}"
    return f"{repairer.name} did not get through: {why[:200]}"
