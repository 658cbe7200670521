"""``ironwright run``: a task and an agent in, a proved branch out, as a list of durable steps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from ironwright.records.errors import RunError
from ironwright.records.journal import EventKind
from ironwright.records.note import NoteError
from ironwright.records.report import CheckReport, Outcome
from ironwright.records.verdict import Status
from ironwright.session.attempt import AttemptResult, Stopped
from ironwright.workflow.climb import climb, keep_earlier, next_rung, why_not
from ironwright.workflow.commands import CommandOutcome, run_command
from ironwright.workflow.commits import deliver
from ironwright.workflow.context import RunContext
from ironwright.workflow.findings import findings_digest, render_findings
from ironwright.workflow.judge import check_step, commit_step
from ironwright.workflow.mechanical import mechanical_tier
from ironwright.workflow.memory import ProjectMemory, keep_proposed
from ironwright.workflow.phases import Phase, exhausted, work_phase
from ironwright.workflow.state import Attempted, State
from ironwright.workflow.tools_first import tools_first

REPAIR_TASK = (
    "The gates refused the committed work. Repair what they found, without weakening a test or a check, "
    "then call `check` again."
)
COMMANDS_GATE = "skipped_commands"
"""The gate that can only pass when the commands after the work have run."""

SAME_FINDINGS = " They found exactly the same as the last time: the previous repair did not reach the cause."


async def go_through(run: RunContext) -> State:
    """Go through the run's steps from the first to the last; recorded ones are passed over.

    Raises:
        SuspendedError: It waits for an answer, or something failed that may pass.
    """
    state = await work_to_outcome(run)
    if state.outcome is Outcome.DELIVERED:
        return run.ledger.reached(await deliver_step(run.on_rung(state.rung), state))
    return run.ledger.reached(await keep_earlier(run, state))


async def work_to_outcome(run: RunContext) -> State:
    """Work until it is known how the run ends; nothing is delivered yet."""
    await prepare(run)
    state = State()
    if run.plan.tools_first:
        state = run.ledger.reached(await tools_first(run, state))
    if state.outcome is None:
        state = await _work(run, state)
    while state.outcome is None:
        now = run.on_rung(state.rung)
        state = run.ledger.reached(await judge(now, state))
        rung = state.rung
        state = run.ledger.reached(await repair_or_settle(run, now, state))
        if state.rung != rung:
            state = await _work(run.on_rung(state.rung), state)
    return state


async def _work(run: RunContext, state: State) -> State:
    """An agent's first work: the commands before it, then the attempt."""
    state = run.ledger.reached(await before_commands(run, state))
    return run.ledger.reached(await attempt(run, state))


async def prepare(run: RunContext) -> None:
    """Make the worktree on its branch."""

    async def make() -> Mapping[str, str]:
        run.listener.progress("preparing the worktree")
        await asyncio.to_thread(run.workspace.prepare)
        made = {
            "path": str(run.workspace.tree),
            "branch": run.workspace.branch,
            "base": run.workspace.base,
        }
        run.journal.append(EventKind.WORKTREE_READY, made, "worktree")
        return made

    await run.step("worktree", make)


async def before_commands(run: RunContext, state: State) -> State:
    """Have the agent carry out the commands that the contract wants before the work."""
    for name in run.plan.contract.before:
        outcome = await run_command(run, name, "before", state.rung + 1, state.history)
        state = _after_command(state, outcome)
    return state


async def attempt(run: RunContext, state: State) -> State:
    """Let the agent work on the task."""
    key = f"attempt-{state.rung + 1}"
    task, findings = run.record.request.task, ""
    if state.check is not None and state.rung == 0:  # tools worked before
        findings = render_findings(state.check)
    result = await work_phase(run, Phase(key, task, state.history, findings, lessons=state.lessons))
    notes = state.notes
    if result.stopped is Stopped.LIMIT:
        notes = (*notes, f"the attempt ended at a limit: {result.reason}")
    made = _attempted(run, key, result)
    return replace(state, history=result.messages, attempts=(*state.attempts, made), notes=notes)


async def judge(run: RunContext, state: State) -> State:
    """Commit what is there and have the gates judge exactly that; what tools can repair, they repair."""
    number = state.checks + 1
    work = await commit_step(run, number)
    state = replace(state, work=work, checks=number, notes=(*state.notes, *work.notes))
    if work.head == run.record.base:
        return replace(state, outcome=Outcome.UNDECIDED, reason="the agent changed nothing")
    in_progress = bool(_commands_to_come(run, state))
    report = await check_step(run, number, work, in_progress)
    last = replace(state.attempts[-1], check=report)
    state = replace(state, attempts=(*state.attempts[:-1], last))
    return await mechanical_tier(run, state, in_progress=in_progress)


async def repair_or_settle(first: RunContext, run: RunContext, state: State) -> State:
    """Hand findings back while repairs are left, then go up; after-commands follow when the gates pass.

    Args:
        first: The run with its first plan.
        run: The run on the rung that it has reached.
        state: The work as it was judged.
    """
    report = state.check
    if state.outcome is not None or report is None:
        return state
    # Whether the after-commands ran is itself judged, and cannot be told before they did: they are due as
    # soon as nothing is refused.
    waiting = _commands_to_come(run, state)
    if waiting and (report.status is not Status.FAIL or _only_commands_are_due(report)):
        return await after_commands(run, state, waiting)
    if report.status is Status.PASS:
        return replace(state, outcome=Outcome.DELIVERED, reason=_why_delivered(state))
    if report.status is Status.UNKNOWN:
        return replace(
            state, outcome=Outcome.UNDECIDED, reason=_names(report, Status.UNKNOWN, "could not tell")
        )
    limit = exhausted(run)
    if _only_commands_are_due(report):
        return await _again_or_refused(run, state, report, limit)
    return await _repair_or_climb(first, run, state, report, limit)


async def _repair_or_climb(
    first: RunContext, run: RunContext, state: State, report: CheckReport, limit: str | None
) -> State:
    """Repair while it leads somewhere, then let the next agent try; refuse when neither is left."""
    failing = _names(report, Status.FAIL, "failed")
    repairs_left = state.rung_repairs < run.plan.limits.repairs
    causes = [limit or f"{state.rung_repairs} repairs were made"]
    above = next_rung(first, state) if limit is None else None
    if above is not None:
        rung, evidence = above
        stuck = _same_as_before(state, report)
        if evidence.enough and (stuck or not repairs_left):
            cause = "two tries in a row failed in the same way" if stuck else causes[0]
            return await climb(first, state, rung, evidence, f"{failing}; {cause}")
        if not evidence.enough:
            causes.append(why_not(rung, evidence))
    if limit is None and repairs_left:
        return await repair(run, state, report)
    return replace(state, outcome=Outcome.REFUSED, reason="; ".join([failing, *causes]))


def _commands_to_come(run: RunContext, state: State) -> list[str]:
    return [name for name in run.plan.contract.after if name not in state.commands]


async def _again_or_refused(run: RunContext, state: State, report: CheckReport, limit: str | None) -> State:
    """Only a demanded command is missing or failed: one that belongs after the work can be tried again."""
    before = [name for name in run.plan.contract.before if name in state.failed_commands]
    if before or limit is not None or state.rung_repairs >= run.plan.limits.repairs:
        cause = (
            f"/{before[0]} before the work cannot be made up for" if before else limit or "it was tried again"
        )
        reason = f"{_names(report, Status.FAIL, 'failed')}; {cause}"
        return replace(state, outcome=Outcome.REFUSED, reason=reason)
    again = replace(state, commands=(), repairs=state.repairs + 1, rung_repairs=state.rung_repairs + 1)
    return await after_commands(run, again, list(run.plan.contract.after))


def _only_commands_are_due(report: CheckReport) -> bool:
    """Whether nothing hard is open but the commands that belong after the work."""
    open_gates = {
        item.gate for item in report.verdicts if item.strength == "hard" and item.status != Status.PASS
    }
    return open_gates <= {COMMANDS_GATE}


async def repair(run: RunContext, state: State, report: CheckReport) -> State:
    """Give the agent what the gates found, in the same conversation."""
    number = state.repairs + 1
    key = f"repair-{number}"
    task, notes = REPAIR_TASK, state.notes
    if _same_as_before(state, report):
        task += SAME_FINDINGS
        notes = (*notes, f"repair {state.repairs} changed nothing of what the gates found")
    result = await work_phase(run, Phase(key, task, state.history, render_findings(report)))
    if result.stopped is Stopped.LIMIT:
        notes = (*notes, f"repair {number} ended at a limit: {result.reason}")
    made = _attempted(run, key, result)
    return replace(
        state,
        history=result.messages,
        attempts=(*state.attempts, made),
        repairs=number,
        rung_repairs=state.rung_repairs + 1,
        # What was linted or committed before the repair says nothing about the work after it.
        commands=(),
        notes=notes,
    )


async def after_commands(run: RunContext, state: State, names: list[str]) -> State:
    """Have the agent carry out the commands that the contract wants after the work."""
    for name in names:
        outcome = await run_command(run, name, "after", state.checks, state.history)
        state = _after_command(state, outcome)
    return replace(state, commands=(*state.commands, *names))


async def deliver_step(run: RunContext, state: State) -> State:
    """Put the commits that passed on the run's branch, and keep the notes that were proposed on the way."""
    work = state.work
    assert work is not None

    async def hand_over() -> Mapping[str, str]:
        run.listener.progress(f"delivering {run.workspace.branch}")
        await asyncio.to_thread(deliver, run.workspace, work)
        delivered = {"branch": run.workspace.branch, "head": work.head}
        run.journal.append(EventKind.DELIVERED, delivered, "deliver")
        return delivered

    async def keep() -> list[str]:
        return await asyncio.to_thread(_keep_notes, run)

    await run.step("deliver", hand_over)
    return replace(state, notes=(*state.notes, *await run.step("notes", keep)))


def _keep_notes(run: RunContext) -> list[str]:
    """Add the proposed notes to the project's memory; what came of it, a line each.

    The work is delivered already: a memory that cannot be used costs the notes, and says so.
    """
    memory = ProjectMemory(run.ground.project.memory)
    try:
        kept, refused = keep_proposed(memory, run.journal.events, run.plan.agent.name, run.record.run_id)
    except (NoteError, RunError) as error:
        return [f"the notes of this run are only in its journal: {error.what} ({error.where})"]
    return [*(f"noted in {item.path}: {item.note.text}" for item in kept), *refused]


def _after_command(state: State, outcome: CommandOutcome) -> State:
    history = outcome.result.messages if outcome.result is not None else state.history
    failed = tuple(name for name in state.failed_commands if name != outcome.name)
    notes = state.notes
    if not outcome.ok:
        failed = (*failed, outcome.name)
        notes = (*notes, f"/{outcome.name} was not carried out: {outcome.reason}")
    return replace(state, history=history, notes=notes, failed_commands=failed)


def _why_delivered(state: State) -> str:
    if state.attempts[-1].stopped == Stopped.LIMIT.value:
        # The contract decides, not the agent's word; but who reads the report should look twice.
        return "a limit stopped the agent before it said that it is done; every gate of the contract passed"
    return "every gate of the contract passed"


def _same_as_before(state: State, report: CheckReport) -> bool:
    tries = [item for item in state.attempts if item.agent == state.attempts[-1].agent]
    if len(tries) < 2:
        return False
    before = tries[-2].check
    return before is not None and findings_digest(before) == findings_digest(report)


def _attempted(run: RunContext, key: str, result: AttemptResult) -> Attempted:
    plan = run.plan
    return Attempted((key,), result.stopped.value, result.summary, None, plan.agent.name, plan.model)


def _names(report: CheckReport, status: Status, verb: str) -> str:
    gates = [item.gate for item in report.verdicts if item.status is status and item.strength == "hard"]
    if not gates:
        return "no gate of the contract applies, so nothing was proved"
    return f"{', '.join(gates)} {verb}"
