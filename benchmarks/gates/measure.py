"""Measures wall and CPU seconds of a command with everything that it starts, in namespaces of its own too."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ACCOUNTS = (Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup/cpu,cpuacct"), Path("/sys/fs/cgroup"))
_ENTER = 'echo 0 > "$0" && exec "$@"'


@dataclass(frozen=True, slots=True)
class Seconds:
    """What a command took.

    Attributes:
        wall: Seconds from start to end.
        cpu: User and system seconds of the command and of all that it started.
    """

    wall: float
    cpu: float

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(self.wall + other.wall, self.cpu + other.cpu)


def measured(
    argv: Sequence[str], folder: Path, env: Mapping[str, str]
) -> tuple[Seconds, subprocess.CompletedProcess[str]]:
    """Run a command; its CPU time is that of a control group of its own.

    What runs under a process namespace is in no parent's account, and the machine's own count holds what
    others do meanwhile; so a control group is needed.

    Raises:
        SystemExit: No control group can be made here.
    """
    group, entrance = _new_group()
    try:
        started = time.monotonic()
        done = subprocess.run(
            ["/bin/sh", "-c", _ENTER, str(entrance), *argv],
            cwd=folder, env=dict(env), capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        return Seconds(time.monotonic() - started, _used(group)), done
    finally:
        with contextlib.suppress(OSError):  # something that the command left behind is still in it
            group.rmdir()


def _new_group() -> tuple[Path, Path]:
    for place in _ACCOUNTS:
        group = place / f"ironwright-bench-{os.getpid()}-{time.monotonic_ns()}"
        with contextlib.suppress(OSError):
            group.mkdir()
            for name in ("tasks", "cgroup.procs"):
                if (group / name).exists():
                    return group, group / name
    raise SystemExit("no control group can be made to measure CPU time: run the benchmark as root")


def _used(group: Path) -> float:
    if (group / "cpuacct.usage").exists():
        return int((group / "cpuacct.usage").read_text()) / 1e9
    fields = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return int(fields["usage_usec"]) / 1e6
