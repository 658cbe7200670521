"""The changes that are judged wrongly, each with a line of why; one that is put right must be taken off."""

from __future__ import annotations

from typing import Final

MISSES: Final[dict[str, str]] = {}
"""Why, by the change's id."""
