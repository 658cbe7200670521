"""Who may be handed work: whom definition or user allows; not in a circle, too deep, or too early."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.gates.failed_attempts import count_failures, failed_attempts
from ironwright.records.config import Config
from ironwright.records.contract import Contract
from ironwright.records.definition import Agent
from ironwright.records.errors import ConfigError, IronwrightError
from ironwright.session.attempt import Partners

if TYPE_CHECKING:
    from ironwright.workflow.context import RunContext

_LONGEST = 90


def allowed_partners(agent: Agent, root: Path, config: Config) -> dict[str, str]:
    """The agents that one may hand work to, with what each is for in a line.

    Raises:
        ConfigError: ``[run] handoffs`` names an agent that there is not.
    """
    from ironwright.agents.find import find_agents
    from ironwright.agents.partners import partners

    sources = find_agents(root)
    unknown = [name for name in config.run.handoffs if name not in sources]
    if unknown:
        raise ConfigError(
            f"[run] handoffs names the agent {unknown[0]!r}, and there is none",
            where=config.path,
            advice="`ironwright agents list` names those that there are.",
        )
    names = dict.fromkeys((*partners(agent, sources), *config.run.handoffs))
    return {
        name: _line(sources[name].agent.description)
        for name in names
        if name != agent.name and sources[name].usable
    }


def partners_of(run: RunContext) -> Partners | None:
    """Whom the agent that works now may ask; None where it may ask nobody."""
    if not run.plan.partners or len(run.chain) >= run.ground.config.run.handoff_depth:
        return None
    return Partners(run.plan.partners, lambda name: refusal(run, name))


def refusal(run: RunContext, name: str) -> str:
    """Why an agent must not be handed work now; empty where it may."""
    working = (*run.chain, run.plan.agent.name)
    if name in working:
        return f"it works on this already ({' → '.join(working)}), and work is not handed round in a circle"
    if run.record.request.override_escalation:
        return ""
    try:
        _, contract, _ = load_partner(run, name)
    except IronwrightError as error:
        return error.what
    standard, minimum = escalation_floor(contract)
    failed = count_failures(_failures(run), name, standard)
    if minimum and failed < minimum:
        asked = f"{minimum} failed attempts of {standard or 'other agents'} are asked for"
        return f"it is for escalation only: {asked}, and {failed} are recorded"
    return ""


def load_partner(run: RunContext, name: str) -> tuple[Agent, Contract, str]:
    """An agent with its includes, its contract, and the digest of what that was made from.

    Raises:
        IronwrightError: Its definition or contract cannot be used.
    """
    from ironwright.agents.find import resolve_agent
    from ironwright.workflow.contract_source import agent_contract

    root = run.ground.project.root
    agent = resolve_agent(name, root)
    source = agent_contract(agent, root, run.ground.config)
    return agent, source.load(), source.identity


def failures_so_far(run: RunContext) -> tuple[Mapping[str, str], ...]:
    """The failed attempts on the task that a handed-off run starts with: earlier ones and this run's."""
    own = [
        {"run": run.record.run_id, "agent": item.agent, "attempt": item.attempt, "why": item.why}
        for item in failed_attempts(run.journal.events)
    ]
    return (*run.plan.earlier, *own)


def escalation_floor(contract: Contract) -> tuple[str, int]:
    """Whose failures a contract asks for before its agent begins, and how many; 0 where it asks for none."""
    from ironwright.workflow.ladder import stated_floor

    stated = stated_floor(contract)
    return stated if stated is not None else ("", 0)


def _failures(run: RunContext) -> list[str]:
    return [item["agent"] for item in failures_so_far(run)]


def _line(description: str) -> str:
    first = " ".join(description.split("<example>", 1)[0].split())
    sentence = first.split(". ", 1)[0].rstrip(".")
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 1]}…"
