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


def epoch_seconds() -> float:
    """Seconds since 1970, for moments that other processes and later ones compare with."""
    return time.time()


def filesystem_nanoseconds() -> int:
    """The time in nanoseconds as file systems stamp it: no later than the stamp of a file made now.

    They use the kernel's coarse clock, which lags behind the fine one by up to a tick (10 ms at 100 Hz).
    """
    return time.clock_gettime_ns(time.CLOCK_REALTIME) - 10_000_000
