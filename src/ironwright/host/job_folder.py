"""The temporary folder of one job, on disk, removed with it or, after a crash, by a later process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_PREFIX = "ironwright-job-"
_YOUNG_SECONDS = 60.0
"""Younger folders are left alone: their owner may not have come to lock them yet."""


@contextlib.contextmanager
def job_folder() -> Iterator[Path]:
    """A new empty folder of the user's own, gone afterwards.

    A lock that ends with its process marks the folder as used, so that what a killed process left can
    be told from what another one, perhaps in another container, works in.
    """
    sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield Path(name)
        finally:
            os.close(descriptor)


@lru_cache(maxsize=1)
def sweep() -> None:
    """Remove this user's folders whose process is gone; done once a process."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another process sweeps too, or the folder is not ours to remove
            state = folder.lstat()
            if state.st_uid == os.getuid() and time.time() - state.st_mtime > _YOUNG_SECONDS:
                _remove_unused(folder)


def _remove_unused(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
