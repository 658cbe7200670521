"""Which contract a user means by a name or a file, identified before anything of it is compiled."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ironwright.records.config import Config
from ironwright.records.contract import Contract
from ironwright.records.definition import Agent
from ironwright.records.paths import ProjectPaths
from ironwright.workflow.check import ContractSource
from ironwright.workflow.verdict_cache import key_of


def contract_source(name_or_file: str | None, project_root: Path, config: Config) -> ContractSource:
    """The contract of an agent, or the default one.

    An agent's lock in ``.ironwright/contracts`` decides where there is one; a stale lock is an error when
    the contract is loaded.

    Args:
        name_or_file: An agent's name, a definition file, or None for the default contract.
        project_root: The top of the user's checkout.
        config: The user's settings, which beat prose.

    Raises:
        DefinitionError: There is no such agent, or its file cannot be used.
    """
    settings = repr(sorted(config.gates.items()))
    if name_or_file is None or name_or_file == "default":
        return ContractSource("default", key_of(["default", settings]), lambda: _default(config))
    from ironwright.agents.find import resolve_agent

    return agent_contract(resolve_agent(name_or_file, project_root), project_root, config)


def agent_contract(agent: Agent, project_root: Path, config: Config) -> ContractSource:
    """The contract of an agent that is loaded already."""
    settings = repr(sorted(config.gates.items()))
    lock = _lock_of(agent, project_root)
    locked = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""
    texts = [agent.text, *(include.text for include in agent.includes)]
    identity = key_of(["agent", agent.name, *texts, locked, settings])
    return ContractSource(agent.name, identity, lambda: _of_agent(agent, project_root, config))


def _default(config: Config) -> Contract:
    from ironwright.contract.compile import DEFAULT_GATES, default_contract
    from ironwright.gates.catalog import chosen_gates, gate_ids, gates

    wanted = {*DEFAULT_GATES, *config.gates}
    # Importing every gate takes longer than judging a small change; all of them are needed only to say
    # which ones there are instead of an unknown one.
    return default_contract(config, chosen_gates(wanted) if wanted <= gate_ids() else gates())


def _of_agent(agent: Agent, project_root: Path, config: Config) -> Contract:
    from ironwright.contract.compile import compile_contract
    from ironwright.contract.lock import load_contract
    from ironwright.gates.catalog import gates

    path = _lock_of(agent, project_root)
    if path.is_file():
        return load_contract(path, agent, config, gates())
    return compile_contract(agent, config, gates())


def _lock_of(agent: Agent, project_root: Path) -> Path:
    from ironwright.contract.lock import lock_path

    return lock_path(ProjectPaths(project_root).contracts, agent.name)
