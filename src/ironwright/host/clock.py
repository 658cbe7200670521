"""The time, so that nothing else asks the machine for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> str:
    """The time in UTC as ISO 8601 with milliseconds: ``2026-01-31T12:00:00.000Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds() -> float:
    """A monotonic clock in seconds, for durations."""
    return time.monotonic()
