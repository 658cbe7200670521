"""The collection: one file for each family of changes."""

from __future__ import annotations

import importlib
import pkgutil

from ..case import Change, Family  # noqa: TID252  (the collection is one package, wherever it lies)


def collection() -> tuple[Change, ...]:
    """Every change, in the order of the families' files."""
    found: list[Change] = []
    for name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        for value in vars(module).values():
            if isinstance(value, Family):
                found += value.changes
    doubled = {change.id for change in found if [c.id for c in found].count(change.id) > 1}
    if doubled:
        raise ValueError(f"two changes are called {min(doubled)}")
    return tuple(found)
