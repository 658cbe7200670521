"""Applies the decision on where a run starts to its plan, or only explains it; nothing is asked or paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ironwright.records.contract import Contract, Strength
from ironwright.records.errors import StorageError
from ironwright.records.paths import outcomes_file
from ironwright.workflow.decision import Candidate, Decision, decide
from ironwright.workflow.escalation import GATE

if TYPE_CHECKING:
    from ironwright.routing.success_estimates import Tally
    from ironwright.workflow.plan import Ground, Plan
    from ironwright.workflow.request import RunRequest


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a run would be.

    Attributes:
        plan: Its plan, as the decision makes it.
        decision: Where it starts and why; None where no model works, or a recording is played.
    """

    plan: Plan
    decision: Decision | None

    def as_json(self) -> dict[str, Any]:
        """The explanation as JSON data."""
        plan = self.plan
        return {
            "agent": plan.agent.name,
            "model": plan.model,
            "route_reason": plan.route_reason,
            "repairs": plan.limits.repairs,
            "max_usd": plan.limits.max_usd,
            "notes": list(plan.notes),
            "decision": None if self.decision is None else self.decision.as_json(),
        }


def explain_run(request: RunRequest) -> Explanation:
    """What a run would be and why, without starting it.

    Raises:
        IronwrightError: The run would be refused before it begins.
    """
    from ironwright.workflow.plan import survey

    return explained(request, survey(request))


def explained(request: RunRequest, ground: Ground) -> Explanation:
    """A run's plan with the decision on its start applied.

    Raises:
        IronwrightError: The run would be refused before it begins.
    """
    from ironwright.workflow.plan import draft_plan

    plan = draft_plan(request, ground)
    if request.recording is not None or not plan.model:
        return Explanation(plan, None)
    tallies, remarks = _tallies()
    pinned = plan.route_reason if request.agent is not None or ground.config.run.agent is not None else ""
    decision = decide(
        request.task,
        _candidates(plan),
        tallies,
        repairs=plan.limits.repairs,
        pinned=pinned,
        earlier=plan.earlier,
        overridden=bool(request.override_escalation),
        worth=ground.config.run.worth_usd,
        max_usd=plan.limits.max_usd,
    )
    if decision.ladder is not None and not decision.ladder.rungs and not pinned:
        remarks = (*remarks, decision.reason)
    begun = plan if decision.start == 0 else _begun(plan, decision)
    return Explanation(replace(begun, notes=(*begun.notes, *remarks)), decision)


def _begun(plan: Plan, decision: Decision) -> Plan:
    """The plan of a run that starts on a higher rung."""
    return replace(
        plan.on_rung(decision.start),
        route_reason=f"{plan.route_reason} {decision.reason}",
        ladder=plan.ladder[decision.start :],
    )


def _candidates(plan: Plan) -> tuple[Candidate, ...]:
    """Who can work in a run: its agent, then those that its definitions let follow."""
    first = Candidate(plan.agent.name, plan.model, *_floor(plan.contract))
    above = (Candidate(rung.agent.name, rung.model, *_floor(rung.contract)) for rung in plan.ladder)
    return (replace(first, minimum=0), *above)  # whether the first may work was settled before


def _floor(contract: Contract) -> tuple[str, int]:
    """Whose failed attempts a definition asks for and how many; nobody's where it says nothing of it."""
    for binding in contract.bindings:
        if binding.gate == GATE and binding.strength is Strength.HARD:
            return str(binding.params["standard"]), int(binding.params["minimum"])
    return "", 0


def _tallies() -> tuple[Sequence[Tally], tuple[str, ...]]:
    """What earlier tries came to, and a remark where that cannot be read."""
    from ironwright.workflow.mechanical import NO_MODEL
    from ironwright.workflow.outcome_store import OutcomeStore, tallies

    try:
        known = tallies(OutcomeStore(outcomes_file()).read().attempts)
        return [tally for tally in known if tally.model != NO_MODEL], ()
    except StorageError as error:
        return (), (f"decided by list prices alone: {error.what} ({error.where})",)
