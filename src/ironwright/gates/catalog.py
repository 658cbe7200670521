"""The list of all gates; the only module that imports ``gates/checks``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from typing import cast

from ironwright.gates import checks
from ironwright.gates.api import Gate, GateModule


@cache
def gate_ids() -> frozenset[str]:
    """The id of every gate; imports none of them."""
    return frozenset(info.name for info in pkgutil.iter_modules(checks.__path__))


def chosen_modules(ids: Iterable[str]) -> Mapping[str, GateModule]:
    """The modules of some gates by id, cheapest first; imports no others.

    Raises:
        KeyError: There is no gate of that id.
    """
    modules = {name: _module(name) for name in ids}
    return dict(sorted(modules.items(), key=lambda item: (item[1].GATE.cost, item[0])))


def chosen_gates(ids: Iterable[str]) -> Mapping[str, Gate]:
    """The specifications of some gates and of all that they require, by id, cheapest first.

    Raises:
        KeyError: There is no gate of that id.
    """
    waiting = list(ids)
    wanted: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [needed for needed in _module(name).GATE.requires if needed in gate_ids()]
    return {name: module.GATE for name, module in chosen_modules(wanted).items()}


@cache
def gate_modules() -> Mapping[str, GateModule]:
    """Every gate's module by id, cheapest first."""
    return chosen_modules(gate_ids())


def gates() -> Mapping[str, Gate]:
    """Every gate's specification by id, cheapest first."""
    return {name: module.GATE for name, module in gate_modules().items()}


def _module(name: str) -> GateModule:
    if name not in gate_ids():
        raise KeyError(name)
    return cast(GateModule, importlib.import_module(f"{checks.__name__}.{name}"))
