"""Looks whether the disks that a run writes to are full, for the advice that goes with a failure."""

from __future__ import annotations

import os
from pathlib import Path

from ironwright.records.paths import cache_home, state_home

_SCANT_BYTES = 16 << 20
"""Less than what building the smallest crate takes: whatever failed, this is worth saying."""


def lack_of_room(repository: Path) -> tuple[str, ...]:
    """What to do about each place that has almost no room left; empty where all have some.

    Args:
        repository: The user's checkout, which holds the runs' folders.
    """
    places = (
        (repository, "make room there, then resume the run"),
        (
            state_home(),
            "make room there, then resume the run, or set IRONWRIGHT_STATE_HOME to a folder on another disk "
            "and start it anew",
        ),
        (
            cache_home(),
            "make room there or set IRONWRIGHT_CACHE_HOME to a folder on another disk, then resume the run",
        ),
    )
    return tuple(
        f"{place} is on a disk that is full: {advice}" for place, advice in places if _is_full(place)
    )


def _is_full(place: Path) -> bool:
    there = next((folder for folder in (place, *place.parents) if folder.exists()), None)
    if there is None:
        return False
    try:
        disk = os.statvfs(there)
    except OSError:
        return False  # what cannot be asked about is told by what failed there
    return disk.f_bavail * disk.f_frsize < _SCANT_BYTES or (disk.f_files > 0 and disk.f_favail == 0)
