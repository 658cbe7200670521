"""What a sandbox is: a job with its mounts and limits in, a completed command out; and which one is used."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from ironwright.host.process import Completed, Limits, OutputListener
from ironwright.records.errors import SandboxError


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file that a job sees.

    Attributes:
        source: Where it is on this machine.
        target: Where the job sees it, an absolute path. A sandbox that cannot move folders (Landlock)
            shows it at ``source``; :meth:`Sandbox.path` says which.
        writable: Whether the job may write there.
    """

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One untrusted command.

    Attributes:
        argv: The command, found on the sandbox's own PATH.
        mounts: What it sees of this machine besides the system and the Rust toolchain (both read-only).
        cwd: Where it runs, as a path inside one of the mounts' targets.
        env: Added to the sandbox's own sanitised environment. Values that hold a mount's target as a
            path prefix are rewritten by sandboxes that cannot move folders.
        limits: What it may use.
        network: Whether it may reach the network; only cargo's fetching and adding may.
        stdin: What it reads.
        before_start: Called once, in the thread that runs the job, and returns before the command may do
            anything; the sandbox is set up meanwhile, and time counts from then on. What it returns is added
            to ``stdin``, which must not be None then; what it raises keeps the command from starting.
    """

    argv: Sequence[str]
    mounts: Sequence[Mount]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    network: bool = False
    stdin: bytes | None = None
    before_start: Callable[[], bytes | None] | None = None


class Sandbox(Protocol):
    """Runs jobs so that they cannot read secrets, write elsewhere, or reach the network."""

    @property
    def name(self) -> str:
        """``bubblewrap``, ``landlock`` or ``none``."""
        ...

    @property
    def moves_folders(self) -> bool:
        """Whether mounts appear at their targets."""
        ...

    def run(
        self, job: Job, *, on_output: OutputListener | None = None, stop: threading.Event | None = None
    ) -> Completed:
        """Run the job to its end.

        Raises:
            SandboxError: The sandbox itself could not be set up (never silently run without it).
        """
        ...


def inner_path(sandbox: Sandbox, mounts: Sequence[Mount], source: Path) -> str:
    """Where a job in this sandbox sees a path of this machine that lies in one of its mounts."""
    for mount in mounts:
        if source == mount.source or mount.source in source.parents:
            base = mount.target if sandbox.moves_folders else str(mount.source)
            return str(PurePosixPath(base) / source.relative_to(mount.source).as_posix())
    return str(source)


def outer_path(sandbox: Sandbox, mounts: Sequence[Mount], inner: str) -> Path:
    """The reverse of :func:`inner_path`; a path in no mount is returned unchanged."""
    if sandbox.moves_folders:
        for mount in mounts:
            if inner == mount.target or inner.startswith(mount.target.rstrip("/") + "/"):
                return mount.source / inner[len(mount.target) :].lstrip("/")
    return Path(inner)


def require_mounts(job: Job) -> None:
    """Refuse a job whose mounts cannot be made, before anything is started.

    Raises:
        SandboxError: A source does not exist, or a target is no plain absolute path.
    """
    for mount in job.mounts:
        if not mount.source.exists():
            raise SandboxError("a folder that a job needs does not exist", where=str(mount.source))
        if not mount.target.startswith("/") or ".." in mount.target.split("/"):
            raise SandboxError("a mount's target is no plain absolute path", where=mount.target)


def in_place(job: Job) -> Job:
    """The job as a sandbox that cannot move folders runs it: targets replaced by their sources.

    The working folder, and each mount's target in arguments and in values of the environment, where it
    stands as a whole path or as the beginning of one (``--manifest-path=/w/repo/Cargo.toml``,
    ``/w/a:/w/b``), becomes the path on this machine.
    """
    sources = {mount.target.rstrip("/"): str(mount.source) for mount in job.mounts}
    if not sources:
        return job
    # Longest first: a mount inside another wins over it.
    targets = "|".join(re.escape(target) for target in sorted(sources, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w./-])({targets})(?![\w.-])")

    def placed(text: str) -> str:
        return pattern.sub(lambda match: sources[match[1]], text)

    return replace(
        job,
        argv=tuple(placed(word) for word in job.argv),
        cwd=placed(job.cwd),
        env={name: placed(value) for name, value in job.env.items()},
    )
