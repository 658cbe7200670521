"""The Landlock sandbox, for machines without bubblewrap: the machine's own files, most of them refused."""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ironwright.host import inside, landlock_exec
from ironwright.host.cgroup import Group, group, hierarchy
from ironwright.host.job_folder import job_folder
from ironwright.host.process import Completed, OutputListener, run
from ironwright.host.sandbox import Job, in_place, require_mounts
from ironwright.host.seccomp import Sockets, filter_program
from ironwright.host.toolchain import Toolchain, machine, toolchain
from ironwright.host.watchdog import Watchdog, threads_of_user
from ironwright.records.errors import SandboxError
from ironwright.records.paths import cache_home

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    *inside.SYSTEM_FILES,
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_GRACE_SECONDS = 6.0
"""A little more than the launcher takes at most to end what the job left."""


@dataclass(frozen=True, slots=True)
class LandlockSandbox:
    """Runs jobs under Landlock and a system call filter, without any new namespace.

    A job can read the system, the Rust toolchain, cargo's downloads and its mounts; it can write to
    writable mounts and to a temporary folder of its own, which is its TMPDIR and HOME. It can open no
    socket but a pair, or with network internet sockets; it has nothing of the caller's environment
    and cannot read other processes' memory or environment. What it starts ends with it.

    Weaker than bubblewrap:

    - There is no loopback network and no /dev/shm of its own: tests that open a port or shared memory fail.
    - Mounts appear at their own paths, /tmp is not writable, and a read-only mount inside a writable one
      is refused, because Landlock cannot take back what it allows above.
    - It sees that other files and processes exist (names, sizes, command lines), and can change modes
      and times of files that belong to the user, though not their content.
    - Before Linux 6.12 (Landlock ABI 6) it can send signals to the user's other processes; before
      5.19 (ABI 2) files cannot move between folders; before 6.2 (ABI 3) it can truncate files that the
      user may write to, so older kernels than that are refused.
    - It shares shared memory segments and message queues of System V with the user's other processes.

    Attributes:
        abi: The version of Landlock that the kernel has.
    """

    abi: int
    name: str = "landlock"
    moves_folders: bool = False

    def run(
        self, job: Job, *, on_output: OutputListener | None = None, stop: threading.Event | None = None
    ) -> Completed:
        """Run the job to its end.

        Raises:
            SandboxError: The sandbox could not be set up; the job has not started.
            ToolError: There is no rustc, or the job's command is not on its PATH.
        """
        tools = toolchain()
        require_mounts(job)
        _refuse_inner_mounts(job)
        asked, job = job, in_place(job)
        inside.require_command(job.argv, tools, job.env.get("PATH"))
        home = _cargo_home(tools, network=job.network)
        with contextlib.ExitStack() as stack:
            private = stack.enter_context(job_folder())
            place = hierarchy()
            limited = stack.enter_context(group(place, job.limits)) if place else None
            text = self._description(tools, job, home, private, limited)
            opened = stack.enter_context(_wiring(text))
            description, status, report = opened
            program = [sys.executable, "-I", "-S", landlock_exec.__file__]
            argv = [*program, str(description), str(status), str(os.getpid())]
            writable = [private, *(mount.source for mount in job.mounts if mount.writable)]
            values = inside.environment(
                tools, job.env, home=str(private), cargo_home=str(home), network=job.network
            )
            if "TMPDIR" not in job.env:
                values["TMPDIR"] = str(private)
            watchdog = Watchdog(job.limits, writable, limited)
            added = None if job.before_start is None else job.before_start()
            completed = run(
                limited.entering(argv) if limited else argv,
                cwd=Path("/"),
                env=values,
                stdin=job.stdin if added is None else (job.stdin or b"") + added,
                limits=job.limits,
                on_output=on_output,
                stop=stop,
                pass_fds=(description, status),
                shown_as=asked.argv,
                watch=watchdog.check,
                grace_seconds=_GRACE_SECONDS,
            )
            opened.remove(status)
            _require_started(completed, status, report)
            return replace(completed, limit_hit=watchdog.verdict(completed))

    def _description(
        self, tools: Toolchain, job: Job, home: Path, private: Path, limited: Group | None
    ) -> bytes:
        """What the launcher, which is this same Python, needs to know; marshalled."""
        kept = inside.registry(tools, network=job.network)
        read = [Path(path) for path in _SYSTEM]
        read += [tools.sysroot, home, *([kept.commands] if kept.commands else [])]
        write = [private]
        (write if job.network else read).extend(kept.folders)
        if job.network:
            read += inside.network_files()
            write += [home, *([kept.lock] if kept.lock else [])]
        for mount in job.mounts:
            (write if mount.writable else read).append(mount.source)
        limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": job.limits.disk_mb << 20}
        if limited is None:
            limits["RLIMIT_DATA"] = job.limits.memory_mb << 20
            # Counted over all of the user's processes: a bound for what multiplies faster than we look.
            limits["RLIMIT_NPROC"] = threads_of_user(os.getuid()) + job.limits.processes
        sockets = Sockets.INTERNET if job.network else Sockets.NONE
        return marshal.dumps(
            {
                "abi": self.abi,
                "argv": list(job.argv),
                "cwd": job.cwd,
                "read": _existing(read),
                "write": _existing(write),
                "devices": _existing([Path(path) for path in _DEVICES]),
                "network": job.network,
                "filter": filter_program(machine(), sockets),
                "limits": limits,
            }
        )


@contextlib.contextmanager
def _wiring(text: bytes) -> Iterator[list[int]]:
    """Descriptors of the description, of the launcher's side of the status pipe, and of ours.

    Whoever closes one before the end takes it off the list: closed twice, it could be another thread's.
    """
    opened: list[int] = []
    try:
        description = os.memfd_create("job")
        opened.append(description)
        os.write(description, text)
        os.lseek(description, 0, os.SEEK_SET)
        report, status = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        opened += [status, report]
        yield opened
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _require_started(completed: Completed, status: int, report: int) -> None:
    os.close(status)
    try:
        said = os.read(report, 4096)
    except BlockingIOError:
        said = b""
    if said == b"started":
        return
    if not said and (completed.timed_out or completed.stopped or completed.limit_hit):
        return
    detail = said.decode("utf-8", "replace") or completed.error_text.strip() or f"exit {completed.exit_code}"
    raise SandboxError(
        f"Landlock could not set up the sandbox: {detail.splitlines()[-1]}",
        advice="`ironwright doctor` tries the sandbox out and says what this machine lacks.",
    )


def _refuse_inner_mounts(job: Job) -> None:
    writable = [mount.source.resolve() for mount in job.mounts if mount.writable]
    for mount in job.mounts:
        if not mount.writable and any(outer in mount.source.resolve().parents for outer in writable):
            raise SandboxError(
                "Landlock cannot keep a folder read-only inside a writable one",
                where=str(mount.source),
                advice="Install bubblewrap, which can.",
            )


def _existing(paths: list[Path]) -> list[str]:
    return [str(path) for path in dict.fromkeys(paths) if path.exists()]


def _cargo_home(tools: Toolchain, *, network: bool) -> Path:
    """A cargo home without credentials, always at the same path.

    cargo's fingerprints hold the paths of downloaded sources: a new path would build all of them anew.
    """
    kept = inside.registry(tools, network=network)
    home = cache_home() / "sandbox" / ("cargo-network" if network else "cargo")
    links: Mapping[str, Path] = {folder.name: folder for folder in kept.folders}
    if kept.lock:
        links = {**links, kept.lock.name: kept.lock}
    try:
        home.mkdir(parents=True, exist_ok=True)
        for name, target in links.items():
            _link(home / name, target)
        _write(home / "config.toml", kept.config)
    except OSError as error:
        raise SandboxError(
            f"cargo's home for jobs cannot be written: {error.strerror}", where=str(home)
        ) from error
    return home


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(place)


def _write(place: Path, content: bytes | None) -> None:
    if content is None:
        place.unlink(missing_ok=True)
    elif not place.is_file() or place.read_bytes() != content:
        part = place.with_name(f"{place.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(place)


def find_landlock() -> LandlockSandbox:
    """The sandbox of this kernel's Landlock.

    Raises:
        SandboxError: The kernel has none, or one that cannot stop a job from emptying files.
    """
    abi = landlock_exec.landlock_abi()
    if abi == 0:
        raise SandboxError(
            "this kernel has no Landlock",
            advice="Linux 6.2 or newer with `landlock` among its LSMs is needed.",
        )
    if abi < 3:
        raise SandboxError(
            f"this kernel's Landlock (ABI {abi}) is too old", advice="Linux 6.2 or newer is needed."
        )
    return LandlockSandbox(abi)
