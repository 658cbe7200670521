"""The crates that the changes start from: small, honest, tested, and without dependencies from a registry."""

from __future__ import annotations

from typing import Final

from .agenda import AGENDA
from .bare import BARE
from .calc import CALC
from .clib import CLIB
from .flow import FLOW
from .lattice import LATTICE
from .made import MADE
from .queue import QUEUE
from .space import SPACE
from .store import STORE
from .tally import TALLY

CRATES: Final[dict[str, dict[str, str]]] = {
    "calc": CALC,
    "store": STORE,
    "space": SPACE,
    "bare": BARE,
    "made": MADE,
    "queue": QUEUE,
    "flow": FLOW,
    "lattice": LATTICE,
    "agenda": AGENDA,
    "tally": TALLY,
    "clib": CLIB,
}
"""Every base crate by name."""
