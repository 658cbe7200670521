"""Who works on when an agent's work stays refused: the next rungs, as the definitions state them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ironwright.gates.failed_attempts import count_failures, failed_attempts
from ironwright.records.config import Config
from ironwright.records.contract import Binding, Contract, Scope, Strength
from ironwright.records.definition import Agent
from ironwright.records.errors import ContractError, DefinitionError, ModelError
from ironwright.records.journal import Event
from ironwright.workflow.escalation import GATE
from ironwright.workflow.handoff_rules import allowed_partners
from ironwright.workflow.request import RunRequest
from ironwright.workflow.verdict_cache import key_of

if TYPE_CHECKING:
    from ironwright.agents.find import AgentSource

MOST_RUNGS = 3
"""How often a run may go up; definitions state one step, rarely two."""

_TWINS = {"standard": "advanced", "basic": "advanced", "simple": "advanced"}
_STATED = re.compile(r"escalat|only\b|first\b|last resort|before", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step up: who works when the work before stayed refused.

    Attributes:
        agent: The agent, with the text it had when the run was planned.
        contract: Its contract, with what the run's first contract demands of the work besides.
        contract_identity: Digest of what the contract was made from.
        model: ``provider:id``.
        reason: Why it is the next one.
        standard: Whose failures its definition counts; empty for anybody else's.
        minimum: How many failed attempts its definition asks for.
        partners: Whom it may hand work to.
    """

    agent: Agent
    contract: Contract
    contract_identity: str
    model: str
    reason: str
    standard: str
    minimum: int
    partners: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for or against going up now.

    Attributes:
        failed: How many failed attempts count.
        needed: How many are asked for.
        overridden: Why a person allows fewer; empty where nobody does.
    """

    failed: int
    needed: int
    overridden: str = ""

    @property
    def enough(self) -> bool:
        """Whether the next agent may begin."""
        return self.failed >= self.needed or bool(self.overridden)


def evidence_for(
    rung: Rung, earlier: Iterable[Mapping[str, str]], journal: Sequence[Event], overridden: str
) -> Evidence:
    """Count the failed attempts on the task, by verdicts and never by an agent's opinion.

    Args:
        rung: Who would work next.
        earlier: Failed attempts of earlier runs.
        journal: The run's journal.
        overridden: Why a person allows it anyway; may be empty.
    """
    agents = [item["agent"] for item in earlier] + [item.agent for item in failed_attempts(journal)]
    failed = count_failures(agents, rung.agent.name, rung.standard)
    return Evidence(failed, rung.minimum, overridden)


def rungs_above(
    agent: Agent,
    contract: Contract,
    first_identity: str,
    root: Path,
    config: Config,
    request: RunRequest,
    max_usd: float | None,
) -> tuple[tuple[Rung, ...], list[str]]:
    """The agents that follow an agent, in order, and notes on those that cannot.

    An agent follows another where its definition says that the other must have failed first, or where the
    two are twins by name (``rust-expert-standard``, ``rust-expert-advanced``).

    Args:
        agent: Who begins.
        contract: What is demanded of the work.
        first_identity: Digest of what that contract was made from.
        root: The top of the user's checkout.
        config: The user's settings.
        request: What the user asked; a model named there is used on every rung.
        max_usd: The run's limit, which needs models with a price.
    """
    from ironwright.agents.find import find_agents

    sources = find_agents(root)
    rungs: list[Rung] = []
    notes: list[str] = []
    current, seen = agent.name, {agent.name}
    while len(rungs) < MOST_RUNGS:
        found = next(_followers(current, sources, root, config, seen), None)
        if found is None:
            break
        follower, own, identity, reason = found
        seen.add(follower.name)
        try:
            model = _model(request, follower, config, max_usd)
        except ModelError as error:
            notes.append(f"an escalation to {follower.name} is not possible: {error.what}")
            break
        standard, minimum = _floor(own)
        joint, key = joined(contract, own), key_of(["rung", first_identity, identity])
        partners = allowed_partners(follower, root, config)
        rungs.append(Rung(follower, joint, key, model, reason, standard, minimum, partners))
        current = follower.name
    return tuple(rungs), notes


def joined(first: Contract, second: Contract) -> Contract:
    """The second contract with what the first demands of the work, the stricter winning.

    Going up must not make a run's demands softer. How the first agent had to work is its own affair.
    """
    from ironwright.gates.catalog import gates

    catalog = gates()
    own = {binding.gate: binding for binding in second.bindings}
    for binding in first.bindings:
        gate = catalog.get(binding.gate)
        if gate is None or gate.process:
            continue
        other = own.get(binding.gate)
        own[binding.gate] = binding if other is None else _stricter(gate.params, binding, other)
    bindings = tuple(own[gate] for gate in catalog if gate in own)
    notes = (*second.notes, f"What {first.name} owes of the work holds as well.")
    return replace(second, bindings=bindings, notes=notes)


def _stricter(params: Mapping[str, Any], first: Binding, second: Binding) -> Binding:
    from ironwright.contract.compile import merged

    values = {name: merged(param, first.params[name], second.params[name]) for name, param in params.items()}
    hard = Strength.HARD in (first.strength, second.strength)
    scope = Scope.ALL if Scope.ALL in (first.scope, second.scope) else second.scope
    sources = tuple(dict.fromkeys((*first.sources, *second.sources)))
    return Binding(first.gate, values, scope, Strength.HARD if hard else Strength.SOFT, sources)


def _followers(
    name: str, sources: Mapping[str, AgentSource], root: Path, config: Config, seen: set[str]
) -> Iterator[tuple[Agent, Contract, str, str]]:
    """Who may follow an agent, twins first: the definition, its contract, its identity, and why."""
    from ironwright.workflow.contract_source import agent_contract

    twin = _twin(name)
    candidates = [each for each in sources.values() if each.name not in seen and each.usable]
    for source in sorted(candidates, key=lambda each: (each.name != twin, each.name)):
        # Reading a contract takes a while: only who speaks of the agent, or is its twin, can follow it.
        if source.name != twin and not _speaks_of(source.agent, name):
            continue
        try:
            agent = source.load()
            contract = agent_contract(agent, root, config)
            loaded = contract.load()
        except (DefinitionError, ContractError):
            continue  # an unusable definition is nobody's successor; `agents lint` tells what is wrong
        standard, _ = _floor(loaded)
        if standard == name:
            yield agent, loaded, contract.identity, f"its definition asks that {name} failed first"
        elif source.name == twin and not standard:
            yield agent, loaded, contract.identity, f"it is {name}'s twin for what stays refused"


def _speaks_of(agent: Agent, name: str) -> bool:
    return name in agent.text and _STATED.search(agent.text) is not None


def _twin(name: str) -> str:
    stem, _, tier = name.rpartition("-")
    return f"{stem}-{_TWINS[tier]}" if stem and tier in _TWINS else ""


def _floor(contract: Contract) -> tuple[str, int]:
    """Whose failures are asked for before a follower begins, and how many: at least one of anybody's."""
    return stated_floor(contract) or ("", 1)


def stated_floor(contract: Contract) -> tuple[str, int] | None:
    """Whose failures a contract asks for, and how many; None where it asks for none."""
    for binding in contract.bindings:
        if binding.gate == GATE and binding.strength is Strength.HARD:
            return str(binding.params["standard"]), int(binding.params["minimum"])
    return None


def _model(request: RunRequest, agent: Agent, config: Config, max_usd: float | None) -> str:
    from ironwright.workflow.model_access import choose_model

    return choose_model(request, agent.model, config, max_usd)
