"""Compiles clauses and settings into a contract: one binding for each gate, the strictest demand winning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ironwright.contract.settings import checked_settings
from ironwright.gates.api import Cost, Gate, Param
from ironwright.records.config import Config, GateConfig
from ironwright.records.contract import Binding, Clause, Contract, Scope, Strength
from ironwright.records.definition import Agent
from ironwright.records.errors import ContractError

DEFAULT_GATES: Final = (
    "placeholder_code",
    "stub_tests",
    "hardcoded_answers",
    "weakened_tests",
    "loosened_guardrails",
    "unmentioned_changes",
    "leaked_secrets",
    "unformatted_code",
    "compile_errors",
    "clippy_warnings",
    "broken_docs",
    "failing_tests",
    "failing_doctests",
    "indifferent_tests",
)
"""What a Rust team expects of any change, whoever made it; see :func:`default_contract`."""

GUARD_GATES: Final = (
    "stub_tests",
    "hardcoded_answers",
    "weakened_tests",
    "loosened_guardrails",
    "indifferent_tests",
)
"""What every contract holds whose verdicts come from tools, which could be made to say anything otherwise."""


def agent_digest(agent: Agent) -> str:
    """SHA-256 (hex) of a definition's text and of every text that it includes."""
    digest = hashlib.sha256()
    for text in (agent.text, *(part for include in agent.includes for part in (include.name, include.text))):
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def project_relative(path: str, root: Path) -> str:
    """A path as it is shown and shared: relative to the project where it is inside, else as it was."""
    if path.startswith("ironwright:"):
        return path
    try:
        return Path(path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path


def compile_contract(
    agent: Agent, config: Config, gates: Mapping[str, Gate], root: Path | None = None
) -> Contract:
    """The contract that an agent's prose and the user's settings make.

    An agent whose text asks for no gate gets the default gates, and a note that says so.

    Args:
        agent: The definition.
        config: The user's settings.
        gates: All gates by id.
        root: The project that clauses' paths are made relative to; None leaves them as they are.

    Raises:
        ContractError: ``ironwright.toml`` names an unknown gate or parameter, or removes a gate that
            another one needs.
    """
    from ironwright.contract.recognise import recognise

    found = recognise(agent, gates)
    if root is not None:
        found = tuple(replace(clause, path=project_relative(clause.path, root)) for clause in found)
    return bind(agent.name, found, config, gates, digest=agent_digest(agent))


def default_contract(config: Config, gates: Mapping[str, Gate]) -> Contract:
    """The contract of a change when no agent is named.

    It holds what practically every Rust project's own continuous integration refuses (code that does not
    compile, is not formatted, warns under clippy, fails a test or a documentation example, or breaks a
    link in its documentation), the ways in which generated work only pretends to be done (placeholders,
    tests that prove nothing or do not care, answers for the tests alone, tests that prove less than
    before, checks that were switched off, changes that the commits deny), and committed secrets, which no
    later commit takes back. It leaves out what a team has to choose: a number (coverage, file length), a
    style (documentation of everything, no panics) and a way of working (tests first, ``cargo add``, which
    only a run's journal can prove). ``[gates.<id>]`` adds those.

    Raises:
        ContractError: As for :func:`compile_contract`.
    """
    return bind("default", (), config, gates)


def bind(
    name: str,
    clauses: Sequence[Clause],
    config: Config,
    gates: Mapping[str, Gate],
    *,
    digest: str = "",
    locked: Mapping[str, GateConfig] | None = None,
    lock_path: str = "",
) -> Contract:
    """Make a contract of clauses.

    Args:
        name: The contract's name.
        clauses: The clauses, in the order of the text.
        config: The user's settings; they beat clauses and lock.
        gates: Every gate by id.
        digest: Digest of the text that the clauses came from.
        locked: What a person set for gates in the lock; it beats the clauses.
        lock_path: The lock's path, for errors and sources.

    Raises:
        ContractError: As for :func:`compile_contract`.
    """
    demands = _from_clauses(clauses, gates)
    notes: list[str] = []
    if not demands:
        demands = {gate: _Demand(gates[gate], sources=["default"]) for gate in DEFAULT_GATES if gate in gates}
        if clauses or digest:
            notes.append(f"The text of {name} asks for no gate; the default gates apply.")
    for gate in GUARD_GATES:
        guarded = next((found for found, each in demands.items() if each.gate.cost >= Cost.FORMAT), None)
        if gate in gates and guarded is not None:
            demands.setdefault(gate, _Demand(gates[gate], sources=[f"guards {guarded}"]))
    for path, settings in ((lock_path, locked or {}), (config.path, config.gates)):
        _apply(demands, checked_settings(settings, gates, path), gates, path, notes)
    removed = {gate: f"{config.path}:{s.line}" for gate, s in config.gates.items() if s.enabled is False}
    removed |= {gate: f"{lock_path}:{s.line}" for gate, s in (locked or {}).items() if s.enabled is False}
    _require(demands, gates, {gate: where for gate, where in removed.items() if gate not in demands})
    bindings = tuple(demands[gate].binding() for gate in gates if gate in demands)
    before, after = _commands(demands, clauses)
    for gate in gates:
        if gate in demands:
            notes.extend(demands[gate].notes)
    return Contract(name, tuple(clauses), bindings, digest, before, after, tuple(notes))


@dataclass(slots=True)
class _Demand:
    """What is demanded of one gate so far."""

    gate: Gate
    params: dict[str, Any] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    scope: Scope | None = None
    strength: Strength = Strength.HARD
    sources: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def binding(self) -> Binding:
        """The binding, defaults filled in."""
        params = {name: self.params.get(name, param.default) for name, param in self.gate.params.items()}
        return Binding(
            self.gate.id, params, self.scope or self.gate.scopes[0], self.strength, tuple(self.sources)
        )


def _from_clauses(clauses: Iterable[Clause], gates: Mapping[str, Gate]) -> dict[str, _Demand]:
    by_gate: dict[str, list[Clause]] = {}
    for clause in clauses:
        if clause.gate is not None and clause.gate in gates and clause.strength is not Strength.ADVISORY:
            by_gate.setdefault(clause.gate, []).append(clause)
    return {gate: _merge(gates[gate], asking) for gate, asking in by_gate.items()}


def _merge(gate: Gate, clauses: Sequence[Clause]) -> _Demand:
    """HARD clauses first: a wish ("aim for 95%") never raises what is demanded ("at least 80%")."""
    hard = [clause for clause in clauses if clause.strength is Strength.HARD]
    demand = _Demand(gate, strength=Strength.HARD if hard else Strength.SOFT)
    demand.sources = list(dict.fromkeys(f"{clause.path}:{clause.line}" for clause in clauses))
    for clause in hard or clauses:
        for name, value in {**_meant(gate), **clause.params}.items():
            _state(demand, name, value, f"{clause.path}:{clause.line}")
    for clause in clauses if hard else ():
        if clause.strength is Strength.HARD:
            continue
        for name, value in clause.params.items():
            where = f"{clause.path}:{clause.line}"
            if name not in demand.params:
                _state(demand, name, value, where)
            elif demand.params[name] != value:
                demand.notes.append(
                    f"{gate.id}: {where} wishes {name} = {_shown(value)} (soft); "
                    f"{demand.stated[name]} demands {_shown(demand.params[name])}, which holds."
                )
    return demand


def _meant(gate: Gate) -> dict[str, Any]:
    """What a clause means that does not say it: "never panic" forbids all that panics by default.

    Only for lists, which are merged: a number that another clause states must not be raised by silence.
    """
    return {
        name: param.default for name, param in gate.params.items() if param.type is tuple and param.default
    }


def _state(demand: _Demand, name: str, value: Any, where: str) -> None:
    param = demand.gate.params.get(name)
    if name not in demand.params or param is None or demand.params[name] == value:
        demand.params.setdefault(name, value)
        demand.stated.setdefault(name, where)
        return
    old, other = demand.params[name], demand.stated[name]
    new = merged(param, old, value)
    demand.params[name] = new
    if isinstance(new, tuple):
        return
    if new != old:
        demand.stated[name] = where
    rule = "the strictest holds" if param.stricter else "the later one holds"
    demand.notes.append(
        f"{demand.gate.id}: {other} says {name} = {_shown(old)}, {where} says {_shown(value)}; "
        f"{rule}: {_shown(new)}."
    )


def merged(param: Param, first: Any, second: Any) -> Any:
    """Two values of one parameter as one: the stricter, all of both, or the later."""
    if isinstance(first, tuple) and isinstance(second, tuple):
        union = dict.fromkeys((*first, *second))
        return tuple(value for value in param.allowed or union if value in union)
    return param.stricter(first, second) if param.stricter else second


def _apply(
    demands: dict[str, _Demand],
    settings: Mapping[str, GateConfig],
    gates: Mapping[str, Gate],
    path: str,
    notes: list[str],
) -> None:
    """Settings beat what is there; whatever they change is noted."""
    for gate_id, setting in settings.items():
        where = f"{path}:{setting.line}"
        if setting.enabled is False:
            dropped = demands.pop(gate_id, None)
            if dropped and dropped.sources != ["default"]:
                notes.append(f"{gate_id}: demanded by {', '.join(dropped.sources)}; {where} removes it.")
            continue
        if gate_id not in demands:
            if not setting.enabled:
                continue
            demands[gate_id] = _Demand(gates[gate_id])
        demand = demands[gate_id]
        demand.sources.append(where)
        for name, value in setting.params.items():
            if name in demand.params and demand.params[name] != value:
                demand.notes.append(
                    f"{gate_id}: {demand.stated[name]} says {name} = {_shown(demand.params[name])}, "
                    f"{where} says {_shown(value)}, which holds."
                )
            demand.params[name], demand.stated[name] = value, where
        if setting.scope:
            demand.scope = Scope(setting.scope)
        if setting.strength and Strength(setting.strength) is not demand.strength:
            demand.notes.append(f"{gate_id}: {where} makes it {setting.strength}.")
            demand.strength = Strength(setting.strength)


def _require(demands: dict[str, _Demand], gates: Mapping[str, Gate], removed: Mapping[str, str]) -> None:
    """Add the gates without whose PASS a demanded one cannot tell anything."""
    waiting = list(demands)
    while waiting:
        asking = waiting.pop()
        for needed in gates[asking].requires:
            if needed in demands:
                if any(source.startswith("required by ") for source in demands[needed].sources):
                    demands[needed].sources.append(f"required by {asking}")
                continue
            if needed in removed:
                raise ContractError(
                    f"{needed} is switched off, but {asking} cannot be judged without it",
                    where=removed[needed],
                    advice=f"Switch {needed} on again, or {asking} off as well.",
                )
            if needed not in gates:
                raise ContractError(f"{asking} needs the gate {needed}, which is not installed")
            demands[needed] = _Demand(gates[needed], sources=[f"required by {asking}"])
            waiting.append(needed)


def _commands(
    demands: Mapping[str, _Demand], clauses: Iterable[Clause]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The commands before and after the work: what the binding says, else what the clauses say."""
    phases: list[tuple[str, ...]] = []
    for phase in ("before", "after"):
        named = [name for clause in clauses for name in _tuple(clause.params.get(phase))]
        for demand in demands.values():
            if {"before", "after"} <= demand.gate.params.keys():
                named = list(_tuple(demand.params.get(phase)))
        phases.append(tuple(dict.fromkeys(name.removeprefix("/") for name in named)))
    return phases[0], phases[1]


def _tuple(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _shown(value: Any) -> str:
    return (
        ", ".join(map(str, value))
        if isinstance(value, tuple)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
