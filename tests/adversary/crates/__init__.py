"""The crates that the changes start from: small, honest, tested, and without dependencies from a registry."""

from __future__ import annotations

from typing import Final

from .bare import BARE
from .calc import CALC
from .flow import FLOW
from .made import MADE
from .queue import QUEUE
from .space import SPACE
from .store import STORE

CRATES: Final[dict[str, dict[str, str]]] = {
    "calc": CALC,
    "store": STORE,
    "space": SPACE,
    "bare": BARE,
    "made": MADE,
    "queue": QUEUE,
    "flow": FLOW,
}
"""Every base crate by name."""
