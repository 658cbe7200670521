"""The list of all gates; the only module that imports ``gates/checks``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import cast

from ironwright.gates import checks
from ironwright.gates.api import Gate, GateModule


@cache
def gate_modules() -> Mapping[str, GateModule]:
    """Every gate's module by id, cheapest first."""
    names = sorted(info.name for info in pkgutil.iter_modules(checks.__path__))
    modules = {name: cast(GateModule, importlib.import_module(f"{checks.__name__}.{name}")) for name in names}
    return dict(sorted(modules.items(), key=lambda item: (item[1].GATE.cost, item[0])))


def gates() -> Mapping[str, Gate]:
    """Every gate's specification by id, cheapest first."""
    return {name: module.GATE for name, module in gate_modules().items()}
