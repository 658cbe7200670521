"""A run whose whole task tools may do: they work first, and an agent gets only what they leave."""

from __future__ import annotations

from dataclasses import replace

from ironwright.host.cargo_repair import Repairer
from ironwright.records.report import Outcome
from ironwright.records.verdict import Status
from ironwright.workflow.context import RunContext
from ironwright.workflow.judge import check_step, commit_step
from ironwright.workflow.mechanical import BY_GATE, NO_MODEL, TIER, put_back, repair_by_tools, summary_of
from ironwright.workflow.mechanical_role import DEMANDS, without_process
from ironwright.workflow.state import Attempted, State


async def tools_first(run: RunContext, state: State) -> State:
    """Let the tools work on the whole workspace, and judge it; delivered when every gate passes.

    What they did stays for the agent when only their own gates refuse it; else it is taken back. Without a
    model the run ends here, with what was done kept for a person.
    """
    number = state.mechanical + 1
    done = await repair_by_tools(run, number, _repairers(run), None, fetch=True)
    state = replace(state, mechanical=number, notes=(*state.notes, *done["notes"]))
    check = state.checks + 1
    work = await commit_step(run, check)
    state = replace(state, checks=check, notes=(*state.notes, *work.notes))
    if work.head == run.record.base:
        return _without_model(run, replace(state, work=work), "the tools found nothing to change")
    judged = replace(run, plan=replace(run.plan, contract=without_process(run.plan.contract)))
    judged = replace(
        judged, plan=replace(judged.plan, contract_identity=f"{run.plan.contract_identity}-tools")
    )
    report = await check_step(judged, check, work, in_progress=False)
    key = f"mechanical-{number}"
    made = Attempted((key,), "finished", summary_of(done), report, TIER, NO_MODEL)
    state = replace(state, attempts=(*state.attempts, made), work=work)
    if report.status is Status.PASS:
        reason = "every gate passed after the tools' own repairs; no model was asked"
        return replace(state, outcome=Outcome.DELIVERED, reason=reason)
    names = [v.gate for v in report.verdicts if v.status is not Status.PASS and v.strength == "hard"]
    state = _without_model(run, state, f"after the tools' repairs {', '.join(names)} did not pass")
    if state.outcome is not None or set(names) <= DEMANDS:
        return state
    why = f"{', '.join(names)} did not pass after them"
    await put_back(run, number, why)
    return replace(state, notes=(*state.notes, f"the tools' changes were taken back: {why}"))


def _repairers(run: RunContext) -> tuple[Repairer, ...]:
    bound = {binding.gate for binding in run.plan.contract.bindings} & DEMANDS
    return tuple(repairer for gate, of_gate in BY_GATE.items() if gate in bound for repairer in of_gate)


def _without_model(run: RunContext, state: State, what: str) -> State:
    """The end of the run where nobody is there to go on; else the state as it is."""
    if run.plan.model:
        return state
    refused = state.check is not None and state.check.status is Status.FAIL
    outcome = Outcome.REFUSED if refused else Outcome.UNDECIDED
    return replace(state, outcome=outcome, reason=f"{what}, and no model can be used for the rest")
