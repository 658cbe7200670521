"""Keeps git objects that were read: several gates ask for the same files, often at the same time."""

from __future__ import annotations

import threading
from collections.abc import Mapping

_ROOM_BYTES = 48 << 20
"""The sources of a large workspace on both sides of a change, but not its assets."""


class ReadObjects:
    """Objects by id, up to a size in all; an id never stands for another content.

    Attributes:
        lock: Held by whoever reads, so that nobody reads the same at the same time.
        known: What was read.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known: dict[str, bytes] = {}
        self._room = _ROOM_BYTES

    def keep(self, found: Mapping[str, bytes]) -> None:
        """Keep as many as there is room for."""
        for oid, content in found.items():
            if len(content) <= self._room:
                self._room -= len(content)
                self.known[oid] = content
