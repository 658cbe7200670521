"""Watches a running job from outside: memory, processes and disk that no kernel limit covers here."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from ironwright.host.cgroup import Group
from ironwright.host.clock import filesystem_nanoseconds
from ironwright.host.clock import seconds as clock
from ironwright.host.process import Completed, Limits

_PAGE = os.sysconf("SC_PAGE_SIZE")
_LOOK_SECONDS = 0.1
"""How often processes are counted: a fork bomb makes a few thousand of them between two looks."""

_MEASURE_SECONDS = 2.0
"""The least time between two walks over the writable folders while the disk does not shrink."""

_FLOOR_BYTES = 256 << 20
"""Free disk space below which a job that took some of it is ended, whoever took the rest."""

_FLOOR_INODES = 1000


class Watchdog:
    """Measures one job; made just before it starts and asked while it runs.

    Args:
        limits: What the job may use.
        writable: Folders of this machine that the job may write to.
        group: The job's control group; None where memory and processes are to be measured here.
    """

    def __init__(self, limits: Limits, writable: Sequence[Path], group: Group | None) -> None:
        self._limits = limits
        self._writable = tuple(writable)
        self._group = group
        self._disks = _disks(self._writable)
        self._next_look = self._next_measure = 0.0
        self.reset()

    def reset(self) -> None:
        """Measure what the job writes from now on."""
        self._started_ns = filesystem_nanoseconds()
        self._free = {path: _free(path) for path in self._disks}
        self._measured_at = dict(self._free)

    def check(self, pid: int) -> str:
        """Why the job must end now ("memory: more than 512 MiB"), or an empty text.

        Args:
            pid: The process that the job was started with; all that descends from it is the job.
        """
        now = clock()
        if now < self._next_look:
            return ""
        # The kernel refuses what goes beyond a group's limits, or kills one process of it; the job as a
        # whole would go on and end with an answer that says nothing.
        used = self._group.limit_hit(self._limits) if self._group else self._usage(descendants(pid))
        reason = used or self._disk(pid, now)
        # A look over many processes is slow: never spend more than a tenth of a core on looking.
        self._next_look = clock() + max(_LOOK_SECONDS, 9 * (clock() - now))
        return reason

    def verdict(self, completed: Completed) -> str:
        """Which limit a job that has ended ran into, or an empty text; asked before its group is removed."""
        if completed.limit_hit:
            return completed.limit_hit
        if completed.exit_code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
            return f"disk: a file of more than {self._limits.disk_mb} MiB"
        return self._group.limit_hit(self._limits) if self._group else ""

    def _usage(self, processes: Sequence[int]) -> str:
        threads = private = 0
        for process in processes:
            used = _threads_and_private_bytes(process)
            threads += used[0]
            private += used[1]
        if threads > self._limits.processes:
            return f"processes: more than {self._limits.processes} at once"
        if private > self._limits.memory_mb << 20:
            return f"memory: more than {self._limits.memory_mb} MiB"
        return ""

    def _disk(self, pid: int, now: float) -> str:
        shrunk = False
        for disk in self._disks:
            space, inodes = _free(disk)
            before, inodes_before = self._free[disk]
            if space < min(_FLOOR_BYTES, before) and before - space > _FLOOR_BYTES // 16:
                return f"disk: only {space >> 20} MiB are left on the disk of {disk}"
            if inodes < min(_FLOOR_INODES, inodes_before):
                return f"disk: only {inodes} more files fit on the disk of {disk}"
            shrunk |= self._measured_at[disk][0] - space > self._limits.disk_mb << 19
        if not shrunk and now < self._next_measure:
            return ""
        written = sum(written_since(folder, self._started_ns) for folder in self._writable)
        if shrunk or self._group is None:  # in-memory files without a name count only in a control group
            written += unlinked_bytes(descendants(pid))
        self._measured_at = {disk: _free(disk) for disk in self._disks}
        self._next_measure = clock() + max(_MEASURE_SECONDS, 50 * (clock() - now))
        if written > self._limits.disk_mb << 20:
            return f"disk: more than {self._limits.disk_mb} MiB written"
        return ""


def descendants(pid: int) -> list[int]:
    """The process and all that descends from it, without what ends while we look."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        process = waiting.pop()
        found.append(process)
        try:
            threads = [entry.name for entry in Path(f"/proc/{process}/task").iterdir()]
        except OSError:
            continue
        for thread in threads:
            waiting += _children(process, thread)
    return found


def threads_of_user(uid: int) -> int:
    """How many threads a user has on this machine, as RLIMIT_NPROC counts them."""
    total = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it ends while we look
                if folder.stat().st_uid == uid:
                    total += max(1, (folder / "task").stat().st_nlink - 2)
    return total


def written_since(folder: Path, since_ns: int) -> int:
    """Bytes on disk of the files under a folder that changed since a time (by the kernel's ctime).

    A file that only grew counts whole: an upper bound that needs no walk before the job. Files that
    vanish meanwhile and folders that cannot be read count nothing.
    """
    total = 0
    waiting = [str(folder)]
    seen: set[tuple[int, int]] = set()
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except NotADirectoryError:
            entries = []
            total += _blocks_since(folder, since_ns)
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                state = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if state.st_ctime_ns < since_ns or (state.st_dev, state.st_ino) in seen:
                continue
            if state.st_nlink > 1:
                seen.add((state.st_dev, state.st_ino))
            total += state.st_blocks * 512
    return total


def unlinked_bytes(processes: Sequence[int]) -> int:
    """Bytes on disk of files that these processes hold open after deleting them."""
    files: dict[tuple[int, int], int] = {}
    for process in processes:
        try:
            descriptors = list(Path(f"/proc/{process}/fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                state = descriptor.stat()
            except OSError:
                continue
            if state.st_nlink == 0:
                files[state.st_dev, state.st_ino] = state.st_blocks * 512
    return sum(files.values())


def _children(process: int, thread: str) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{thread}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _threads_and_private_bytes(process: int) -> tuple[int, int]:
    """Threads, and resident memory that is no file's (0, 0 for a process that is gone)."""
    try:
        resident, shared = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1:3]
        threads = Path(f"/proc/{process}/task").stat().st_nlink - 2
    except (OSError, ValueError):
        return 0, 0
    return max(1, threads), (int(resident) - int(shared)) * _PAGE


def _blocks_since(path: Path, since_ns: int) -> int:
    try:
        state = path.stat()
    except OSError:
        return 0
    return state.st_blocks * 512 if state.st_ctime_ns >= since_ns else 0


def _disks(folders: Sequence[Path]) -> tuple[Path, ...]:
    """One folder of each file system."""
    by_device: dict[int, Path] = {}
    for folder in folders:
        by_device.setdefault(folder.stat().st_dev, folder)
    return tuple(by_device.values())


def _free(path: Path) -> tuple[int, int]:
    """Free bytes and free inodes; a file system without fixed inodes has all it may ever need."""
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize, state.f_favail if state.f_files else 1 << 62
