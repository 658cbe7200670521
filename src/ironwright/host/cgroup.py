"""Control groups: the kernel's own limits on a job's memory and processes, where we may make groups."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ironwright.host.process import Limits, run
from ironwright.records.errors import IronwrightError

_PREFIX = "ironwright"
_REMOVE_SECONDS = 2.0
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where new groups can be made.

    Attributes:
        version: 1 or 2.
        memory: The folder for groups that limit memory.
        pids: The folder for groups that limit processes (the same in version 2).
    """

    version: int
    memory: Path
    pids: Path


@dataclass(frozen=True, slots=True)
class Group:
    """The control group of one job.

    Attributes:
        version: Of the hierarchy.
        folders: Its folders: memory and processes (one folder in version 2).
    """

    version: int
    folders: tuple[Path, ...] = field(default=())

    def entering(self, argv: Sequence[str]) -> list[str]:
        """The command, started by a shell that first moves itself into the group.

        In version 1 the shell moves its only thread: the kernel does that at once, while moving a
        process makes it wait until no processor is forking any more (10 ms on an idle machine).
        """
        script = 'for f in "$1" "$2"; do echo 0 > "$f" || exit 125; done; shift 2; exec "$@"'
        name = "tasks" if self.version == 1 else "cgroup.procs"
        files = [str(folder / name) for folder in self.folders]
        return ["/bin/sh", "-c", script, "sh", files[0], files[-1], *argv]

    def limit_hit(self, limits: Limits) -> str:
        """Which limit the job ran into, by the kernel's own count, or an empty text."""
        memory, pids = self.folders[0], self.folders[-1]
        events = "memory.events" if self.version == 2 else "memory.oom_control"
        if _counted(memory / events, "oom_kill"):
            return f"memory: more than {limits.memory_mb} MiB"
        if _counted(pids / "pids.events", "max"):
            return f"processes: more than {limits.processes} at once"
        return ""


@contextlib.contextmanager
def group(hierarchy: Hierarchy, limits: Limits) -> Iterator[Group]:
    """A new control group with these limits, removed at the end.

    Raises:
        OSError: It cannot be made.
    """
    name = f"{_PREFIX}-{os.getpid()}-{next(_numbers)}"
    folders = tuple(dict.fromkeys((hierarchy.memory / name, hierarchy.pids / name)))
    made: list[Path] = []
    try:
        for folder in folders:
            folder.mkdir()
            made.append(folder)
        _limit(hierarchy.version, folders[0], folders[-1], limits)
        yield Group(hierarchy.version, folders)
    finally:
        for folder in made:
            _remove(folder)


@lru_cache(maxsize=1)
def hierarchy() -> Hierarchy | None:
    """Where this process can make control groups for its jobs, tried out once; None where it cannot."""
    for candidate in _candidates():
        if not all(os.access(folder, os.W_OK) for folder in (candidate.memory, candidate.pids)):
            continue
        _sweep(candidate)
        try:
            with group(candidate, Limits()) as probe:
                if run(probe.entering(["/bin/true"]), env={}, limits=Limits(seconds=10)).ok:
                    return candidate
        except (OSError, IronwrightError):
            continue
    return None


def parse_membership(text: str) -> dict[str, str]:
    """Read ``/proc/self/cgroup``: controller to path; version 2 has the empty name."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            for controller in parts[1].split(","):
                found[controller] = parts[2]
    return found


def parse_mounts(text: str) -> dict[str, tuple[Path, str]]:
    """Read ``/proc/self/mountinfo``: controller (empty for version 2) to mount point and mounted root."""
    found: dict[str, tuple[Path, str]] = {}
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if not dash or len(left) < 5 or len(right) < 3:
            continue
        place = (Path(left[4].replace("\\040", " ")), left[3])
        if right[0] == "cgroup2":
            found[""] = place
        elif right[0] == "cgroup":
            for option in right[2].split(","):
                found.setdefault(option, place)
    return found


def _candidates() -> list[Hierarchy]:
    try:
        membership = parse_membership(Path("/proc/self/cgroup").read_text(encoding="utf-8"))
        mounts = parse_mounts(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    except OSError:
        return []
    found: list[Hierarchy] = []
    memory, pids = _own(membership, mounts, "memory"), _own(membership, mounts, "pids")
    if memory and pids:
        found.append(Hierarchy(1, memory, pids))
    own = _own(membership, mounts, "")
    if own:
        found += [
            Hierarchy(2, folder, folder) for folder in (own, _unlimited_parent(own)) if _hands_on(folder)
        ]
    return found


def _own(membership: dict[str, str], mounts: dict[str, tuple[Path, str]], controller: str) -> Path | None:
    """The folder of our own group for a controller."""
    if controller not in membership or controller not in mounts:
        return None
    point, root = mounts[controller]
    path = membership[controller]
    if root != "/" and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    folder = point / path.lstrip("/")
    return folder if folder.is_dir() else None


def _unlimited_parent(own: Path) -> Path:
    """The group above ours, where ours has no limits that a job beside it would escape; else ours.

    In version 2 a group that holds processes cannot hand controllers to groups below it; so a job's
    group stands beside ours, as in the tree that systemd delegates to a user.
    """
    try:
        limits = [(own / name).read_text(encoding="ascii").strip() for name in ("memory.max", "pids.max")]
    except OSError:
        return own
    return own.parent if limits == ["max", "max"] else own


def _hands_on(folder: Path) -> bool:
    try:
        enabled = (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()
    except OSError:
        return False
    return "memory" in enabled and "pids" in enabled


def _limit(version: int, memory: Path, pids: Path, limits: Limits) -> None:
    space = str(limits.memory_mb << 20)
    if version == 2:
        (memory / "memory.max").write_text(space, encoding="ascii")
        _write_if_there(memory / "memory.swap.max", "0")
        _write_if_there(memory / "memory.oom.group", "1")
    else:
        (memory / "memory.limit_in_bytes").write_text(space, encoding="ascii")
        _write_if_there(memory / "memory.memsw.limit_in_bytes", space)
    (pids / "pids.max").write_text(str(limits.processes), encoding="ascii")


def _write_if_there(path: Path, text: str) -> None:
    if path.exists():
        path.write_text(text, encoding="ascii")


def _counted(path: Path, name: str) -> int:
    """A named count of an event file; 0 where an older kernel has no such file or name."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    for line in lines:
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0


def _remove(folder: Path) -> None:
    """Remove a group; its last processes may need a moment to be gone after they were killed."""
    deadline = time.monotonic() + _REMOVE_SECONDS
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return  # swept by a later process
            time.sleep(0.005)
        else:
            return


def _sweep(candidate: Hierarchy) -> None:
    """Remove empty groups whose process was killed before it could remove them."""
    for parent in dict.fromkeys((candidate.memory, candidate.pids)):
        for folder in parent.glob(f"{_PREFIX}-*-*"):
            owner = folder.name.split("-")[1]
            if owner.isdigit() and not Path("/proc", owner).exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()
