"""Checks settings of gates that a person wrote, in ``ironwright.toml`` or in a lock, against the gates."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ironwright.gates.api import Gate, Param
from ironwright.records.config import GateConfig
from ironwright.records.contract import Scope
from ironwright.records.errors import ContractError

_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}


def checked_gate(gate: str, gates: Mapping[str, Gate], where: str) -> Gate:
    """The gate of that id.

    Raises:
        ContractError: There is none; the nearest ids are named.
    """
    if gate in gates:
        return gates[gate]
    raise ContractError(f"there is no gate {gate!r}", where=where, advice=_nearest(gate, gates, "gates"))


def checked_params(gate: Gate, params: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Parameters with the types that the gate wants.

    Raises:
        ContractError: A parameter is unknown, of the wrong type, or not allowed.
    """
    checked: dict[str, Any] = {}
    for name, value in params.items():
        if name not in gate.params:
            raise ContractError(
                f"the gate {gate.id} has no parameter {name!r}",
                where=where,
                advice=_nearest(name, gate.params, "parameters"),
            )
        checked[name] = _typed(gate.params[name], value, f"{gate.id}.{name}", where)
    return checked


def checked_scope(gate: Gate, scope: str | None, where: str) -> Scope | None:
    """The scope of that name, if any is set.

    Raises:
        ContractError: There is no such scope, or the gate cannot judge it.
    """
    if scope is None:
        return None
    if scope not in {known.value for known in gate.scopes}:
        known = ", ".join(known.value for known in gate.scopes)
        raise ContractError(
            f"the gate {gate.id} cannot judge the scope {scope!r}",
            where=where,
            advice=f"It can judge: {known}.",
        )
    return Scope(scope)


def checked_settings(
    settings: Mapping[str, GateConfig], gates: Mapping[str, Gate], path: str
) -> dict[str, GateConfig]:
    """Settings of gates, every id, parameter and scope checked; lists become tuples.

    Raises:
        ContractError: As for the other functions here; ``where`` is the line of the gate's table.
    """
    checked = {}
    for gate_id, setting in settings.items():
        where = f"{path}:{setting.line}"
        gate = checked_gate(gate_id, gates, where)
        scope = checked_scope(gate, setting.scope, where)
        params = checked_params(gate, setting.params, where)
        checked[gate_id] = GateConfig(
            setting.enabled, scope.value if scope else None, setting.strength, params, setting.line
        )
    return checked


def _nearest(name: str, known: Iterable[str], what: str) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"Known {what}: {', '.join(names)}." if names else f"It has no {what}."


def _entry(read: Callable[[Mapping[str, Any]], str], item: Any, what: str, where: str) -> Any:
    if not isinstance(item, Mapping):
        return item
    try:
        return read(item)
    except (ValueError, TypeError) as error:
        raise ContractError(f"an entry of {what} cannot be read: {error}", where=where) from error


def _typed(param: Param, value: Any, what: str, where: str) -> Any:
    if param.type is tuple:
        if isinstance(value, list | tuple) and param.entry is not None:
            value = [_entry(param.entry, item, what, where) for item in value]
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ContractError(f"{what} must be a list of strings, not {value!r}", where=where)
        value = tuple(value)
    elif param.type is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    elif type(value) is not param.type:
        raise ContractError(f"{what} must be {_NAMES[param.type]}, not {value!r}", where=where)
    if param.type in (int, float) and value < 0:
        raise ContractError(f"{what} cannot be negative", where=where)
    for item in value if isinstance(value, tuple) else (value,):
        if param.allowed and item not in param.allowed:
            raise ContractError(
                f"{what} cannot be {item!r}", where=where, advice=f"It can be: {', '.join(param.allowed)}."
            )
    return value
