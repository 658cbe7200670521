"""What a run is going to do, settled before anything is made: repository, agent, contract, model, limits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ironwright.host.agent_gitdir import Identity, user_identity
from ironwright.host.git import Repository, open_repository
from ironwright.records.config import Config, load_config
from ironwright.records.contract import Contract
from ironwright.records.definition import Agent, Command
from ironwright.records.errors import ConfigError, ContractError, ModelError, RepositoryError
from ironwright.records.paths import ProjectPaths
from ironwright.workflow.change import project_of
from ironwright.workflow.check import ContractSource
from ironwright.workflow.handoff_rules import allowed_partners
from ironwright.workflow.ladder import Rung, rungs_above
from ironwright.workflow.mechanical_role import fits, over_everything
from ironwright.workflow.request import RunRequest
from ironwright.workflow.verdict_cache import key_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What the whole run may use.

    Attributes:
        repairs: How often findings are handed back.
        max_usd: US dollars, or None.
        max_turns: Model requests.
        max_minutes: Minutes of work.
    """

    repairs: int
    max_usd: float | None
    max_turns: int
    max_minutes: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run was decided to be; a run that goes on takes it as it was, not as it would be now.

    Attributes:
        agent: The agent, with the text it had.
        contract: Its contract.
        contract_identity: Digest of what the contract was made from.
        route_reason: Why this agent.
        model: ``provider:id``; empty where there is none and tools do what can be done.
        commands: The before- and after-commands by name.
        instructions: ``(name, text)`` of the project's own instructions.
        gates: One line for each gate, for the agent.
        limits: What the run may use.
        identity: Who commits.
        earlier: Failed attempts of earlier runs on the same task, for an agent that is for escalation only.
        notes: What a person should know.
        ladder: Who works next when this agent's work stays refused.
        partners: Whom the agent may hand work to, with what each is for.
        tools_first: Whether the mechanical tier works before anybody else, and ends the run where it can.
        reviewer: The model that is asked about what no gate checks, as ``provider:id``; empty for nobody.
    """

    agent: Agent
    contract: Contract
    contract_identity: str
    route_reason: str
    model: str
    commands: Mapping[str, Command]
    instructions: tuple[tuple[str, str], ...]
    gates: tuple[str, ...]
    limits: RunLimits
    identity: Identity
    earlier: tuple[Mapping[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    reviewer: str = ""
    ladder: tuple[Rung, ...] = ()
    tools_first: bool = False
    partners: Mapping[str, str] = field(default_factory=dict)

    def on_rung(self, number: int) -> Plan:
        """The plan as it is after so many steps up; 0 is the beginning."""
        if number == 0:
            return self
        rung = self.ladder[number - 1]
        return replace(
            self,
            agent=rung.agent,
            contract=rung.contract,
            contract_identity=rung.contract_identity,
            route_reason=rung.reason,
            model=rung.model,
            gates=_gate_lines(rung.contract),
            tools_first=False,
            partners=rung.partners,
        )

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON data."""
        data: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """Read back what :meth:`as_json` wrote."""
        plan: Plan = _adapter().validate_python(data)
        return plan

    @property
    def contract_source(self) -> ContractSource:
        """The contract as a check takes it."""
        return ContractSource(self.contract.name, self.contract_identity, lambda: self.contract)


@dataclass(frozen=True)
class Ground:
    """Where a run takes place.

    Attributes:
        repository: The user's repository.
        project: Its places.
        config: The user's settings.
        base: The commit to start from.
    """

    repository: Repository
    project: ProjectPaths
    config: Config
    base: str


def survey(request: RunRequest) -> Ground:
    """Find where a run would take place, and refuse what cannot be worked on.

    Raises:
        RepositoryError: No repository, bare, no commits, no such base, no Cargo.toml, not writable.
        ConfigError: ``ironwright.toml`` cannot be used, or the task is empty.
    """
    if not request.task.strip():
        raise ConfigError(
            "the task is empty", where="TASK", advice='Say what is to be done: `ironwright run "…"`.'
        )
    repository = open_repository(request.folder)
    if repository.bare:
        raise RepositoryError(
            "a bare repository has no checkout to start a run from",
            where=str(repository.root),
            advice="Clone it and start the run in the clone.",
        )
    base = repository.resolve(request.base)
    paths = repository.entries(repository.tree_of(base))
    if not any(path == "Cargo.toml" or path.endswith("/Cargo.toml") for path in paths):
        raise RepositoryError(
            f"there is no Cargo.toml in {request.base}",
            where=str(repository.root),
            advice="Ironwright works on Rust crates; commit the crate's Cargo.toml first.",
        )
    for folder in (repository.common_dir, repository.common_dir / "objects", repository.common_dir / "refs"):
        if not os.access(folder, os.W_OK):
            raise RepositoryError(
                "the repository is read-only, so no branch can be made in it",
                where=str(folder),
                advice="Clone it to a place you may write, and start the run there.",
            )
    project = project_of(repository)
    return Ground(repository, project, load_config(project.config), base)


def make_plan(request: RunRequest, ground: Ground) -> Plan:
    """The plan of a run, with the agent that the numbers let begin.

    Raises:
        IronwrightError: As for :func:`draft_plan`.
    """
    from ironwright.workflow.start import explained

    return explained(request, ground).plan


def draft_plan(request: RunRequest, ground: Ground) -> Plan:
    """Choose the agent, compile its contract, resolve its model, find who may follow.

    Raises:
        DefinitionError: The agent or a command cannot be used.
        ContractError: Its contract cannot be compiled, or it is for escalation and nobody failed before it.
        ModelError: No model can be used, or a limit in dollars cannot be kept.
    """
    from ironwright.agents.find import project_instructions
    from ironwright.workflow.contract_source import agent_contract
    from ironwright.workflow.escalation import earlier_failures, refuse_premature
    from ironwright.workflow.model_access import choose_reviewer

    root = ground.project.root
    agent, reason = _route(request, ground)
    source = agent_contract(agent, root, ground.config)
    contract = source.load()
    earlier = earlier_failures(ground.project, request.task)
    refuse_premature(contract, agent.name, earlier, overridden=bool(request.override_escalation))
    tools_first = fits(agent, contract, request.task)
    if tools_first:
        contract = over_everything(contract)
    identity = key_of(["run", source.identity, *(["everything"] if tools_first else [])])
    limits = _limits(request, ground.config)
    model, lacking = _model(request, agent, ground.config, limits, tools_first)
    above: tuple[Rung, ...] = ()
    remarks: list[str] = []
    if model:
        above, remarks = rungs_above(agent, contract, identity, root, ground.config, request, limits.max_usd)
    commands = _commands((contract, *(rung.contract for rung in above)), root)
    user = user_identity(ground.repository)
    return Plan(
        agent=agent,
        contract=contract,
        contract_identity=identity,
        route_reason=reason,
        model=model,
        commands=commands,
        instructions=tuple((item.name, item.text) for item in project_instructions(root)),
        gates=_gate_lines(contract),
        limits=limits,
        identity=user,
        earlier=earlier,
        notes=(*request.notes, *lacking, *remarks, *_remarks(ground, user, model)),
        reviewer=choose_reviewer(request, ground.config, limits.max_usd) if model else "",
        ladder=above,
        tools_first=tools_first,
        partners=allowed_partners(agent, root, ground.config),
    )


def plan_of_handoff(
    request: RunRequest,
    ground: Ground,
    agent: Agent,
    contract: Contract,
    identity: str,
    limits: RunLimits,
    earlier: tuple[Mapping[str, str], ...],
) -> Plan:
    """What a handoff within a run is going to be.

    Args:
        request: What the user asked of the run.
        ground: Where it takes place.
        agent: Who is asked.
        contract: The agent's contract.
        identity: Digest of what that was made from.
        limits: What the handoff may use.
        earlier: Failed attempts on the task so far.

    Raises:
        ContractError: A command that the contract demands is not defined.
        ModelError: No model can be used, or a limit in dollars cannot be kept.
    """
    from ironwright.agents.find import project_instructions
    from ironwright.workflow.model_access import choose_model

    root = ground.project.root
    return Plan(
        agent=agent,
        contract=contract,
        contract_identity=key_of(["handoff", identity]),
        route_reason="work was handed to it",
        model=choose_model(request, agent.model, ground.config, limits.max_usd),
        commands=_commands((contract,), root),
        instructions=tuple((item.name, item.text) for item in project_instructions(root)),
        gates=_gate_lines(contract),
        limits=limits,
        identity=user_identity(ground.repository),
        earlier=earlier,
        partners=allowed_partners(agent, root, ground.config),
    )


def _model(
    request: RunRequest, agent: Agent, config: Config, limits: RunLimits, tools_first: bool
) -> tuple[str, list[str]]:
    """The agent's model; none, with a note, where tools may do all of the work."""
    from ironwright.workflow.model_access import choose_model

    try:
        return choose_model(request, agent.model, config, limits.max_usd), []
    except ModelError as error:
        if not tools_first or request.model is not None:
            raise
        return "", [f"no model can be used ({error.what}): what the tools leave, nobody repairs"]


def _route(request: RunRequest, ground: Ground) -> tuple[Agent, str]:
    from ironwright.agents.find import find_agents, resolve_agent
    from ironwright.routing.choose_agent import choose_agent

    root = ground.project.root
    if request.agent is not None:
        return resolve_agent(request.agent, root), "named by the user"
    if ground.config.run.agent is not None:
        return resolve_agent(ground.config.run.agent, root), f"named in {ground.config.path}"
    sources = find_agents(root)
    choice = choose_agent(request.task, [source.agent for source in sources.values()])
    return sources[choice.agent.name].load(), choice.reason


def _commands(contracts: Sequence[Contract], root: Path) -> dict[str, Command]:
    from ironwright.agents.find import find_commands

    known = find_commands(root)
    names = {name: contract.name for contract in contracts for name in (*contract.before, *contract.after)}
    missing = [name for name in names if name not in known]
    if missing:
        raise ContractError(
            f"the contract demands the command /{missing[0]}, and nobody defines it",
            where=names[missing[0]],
            advice=f"Write .claude/commands/{missing[0].replace(':', '/')}.md, or reject the clause in the "
            "contract's lock.",
        )
    return {name: known[name].load() for name in names}


def _limits(request: RunRequest, config: Config) -> RunLimits:
    run = config.run
    return RunLimits(
        repairs=run.repairs if request.repairs is None else request.repairs,
        max_usd=run.max_usd if request.max_usd is None else request.max_usd,
        max_turns=run.max_turns if request.max_turns is None else request.max_turns,
        max_minutes=run.max_minutes if request.max_minutes is None else request.max_minutes,
    )


def _gate_lines(contract: Contract) -> tuple[str, ...]:
    from ironwright.gates.catalog import gates

    catalog = gates()
    lines = []
    for binding in contract.bindings:
        if binding.gate not in catalog:
            continue
        shown = ", ".join(f"{name} {_plain(value)}" for name, value in sorted(binding.params.items()))
        soft = " (soft)" if binding.strength.value == "soft" else ""
        tail = f" [{shown}]" if shown else ""
        lines.append(f"{binding.gate}{soft}: {catalog[binding.gate].summary}{tail}")
    return tuple(lines)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _remarks(ground: Ground, identity: Identity, model: str) -> list[str]:
    notes = []
    repository = ground.repository
    if repository.git("status", "--porcelain", "--ignore-submodules=all").text.strip():
        notes.append(f"uncommitted work is not part of this run: it starts from commit {ground.base[:12]}")
    if not identity.configured:
        notes.append(f"git knows no identity here: the commits are by {identity.name} <{identity.email}>")
    if any(entry.mode == "160000" for entry in repository.entries(repository.tree_of(ground.base)).values()):
        notes.append("submodules are not checked out in the run's worktree")
    if model.startswith("bedrock:"):
        notes.append(
            "Bedrock's answers cannot be kept: a request cut off by the death of the process is paid again"
        )
    return notes


@cache
def _adapter() -> TypeAdapter[Plan]:
    from pydantic import TypeAdapter

    return TypeAdapter(Plan)
