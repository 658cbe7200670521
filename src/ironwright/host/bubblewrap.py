"""The bubblewrap sandbox: a job in namespaces of its own, with a file system made of its mounts alone."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ironwright.host import inside
from ironwright.host.cgroup import Group, group, hierarchy
from ironwright.host.process import Completed, Limits, OutputListener, run
from ironwright.host.sandbox import Job, Mount, require_mounts
from ironwright.host.seccomp import Sockets, filter_program
from ironwright.host.toolchain import Toolchain, machine, toolchain
from ironwright.host.watchdog import Watchdog
from ironwright.records.errors import SandboxError

_SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FOLDERS = ("/usr", "/nix/store")
_USER = "1000"
_SHARED_MEMORY_MB = 256
_HOME_MB = 512
_START = b"go\n"
_END_MILLISECONDS = 5000
_DISABLES_NAMESPACES = (0, 8)
_OLDEST = (0, 5)
"""bubblewrap 0.5 has --size and --perms; 0.8 has --disable-userns (the filter does the same)."""

_COUNTS_BY_NAMESPACE = (5, 14)
"""From this kernel on RLIMIT_NPROC counts a user namespace's own processes, not all of the user's."""


@dataclass(frozen=True, slots=True)
class BubblewrapSandbox:
    """Runs jobs with bubblewrap.

    A job sees /usr, the Rust toolchain and cargo's downloads (read-only), its mounts, and empty
    in-memory folders for /tmp and its home; it has its own process, network, user and IPC namespaces,
    no capabilities, a system call filter, and nothing of the caller's environment. All of its
    processes end with it.

    Without network it has a loopback interface of its own, so that tests of servers work; nothing
    outside can be reached. With network it shares ours, and cargo's downloads are writable; such a
    job must not run code of the repository.

    Memory and processes are limited by a control group where we may make one, otherwise by
    resource limits of each process and a watchdog over all of them; disk by the size of the
    in-memory folders, a limit on each file and the watchdog.

    A job that a signal ended has the exit code 128 plus the signal's number.

    Attributes:
        program: The bwrap program.
        version: Its version.
    """

    program: Path
    version: tuple[int, ...]
    name: str = "bubblewrap"
    moves_folders: bool = True

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
        inside.require_command(job.argv, tools, job.env.get("PATH"))
        with contextlib.ExitStack() as stack:
            limited = _group(stack, job.limits)
            wiring = stack.enter_context(_wiring(tools, job))
            argv = [str(self.program), *self._arguments(tools, job, wiring), "--"]
            if limited is None:
                argv += _after_signal(job, [*_process_limits(job.limits), *job.argv])
            else:
                argv += _after_signal(job, job.argv)
            writable = [mount.source for mount in job.mounts if mount.writable]
            watchdog = Watchdog(job.limits, writable, limited)
            # The environment goes to bwrap itself: process 1 inside is bwrap, and shows what it was given.
            completed = run(
                limited.entering(argv) if limited else argv,
                cwd=Path("/"),
                env=inside.environment(
                    tools, job.env, home=inside.HOME, cargo_home=inside.CARGO_HOME, network=job.network
                ),
                stdin=_START + (job.stdin or b""),
                stdin_when=wiring,
                meanwhile=partial(_begin, job, watchdog),
                limits=job.limits,
                on_output=on_output,
                stop=stop,
                pass_fds=wiring.descriptors,
                shown_as=job.argv,
                watch=watchdog.check,
            )
            self._require_started(completed, wiring.progress())
            return replace(completed, limit_hit=watchdog.verdict(completed))

    def _require_started(self, completed: Completed, progress: _Progress) -> None:
        if progress.first_process:
            _await_end(progress.first_process)
        ended_by_us = completed.timed_out or completed.stopped or completed.limit_hit
        by_signal = completed.exit_code < 0 and not completed.never_begun
        if progress.job_ended or ended_by_us or by_signal:
            return
        said = completed.error_text.strip().splitlines()
        raise SandboxError(
            f"bubblewrap could not set up the sandbox: {said[-1] if said else 'it said nothing'}",
            where=str(self.program),
            advice="`ironwright doctor` tries the sandbox out and says what this machine lacks.",
        )

    def _arguments(self, tools: Toolchain, job: Job, wiring: _Wiring) -> list[str]:
        tmp_mb = max(1, min(job.limits.disk_mb, job.limits.memory_mb // 2))
        arguments = [
            *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
            *(() if job.network else ("--unshare-net",)),
            *(("--disable-userns",) if self.version >= _DISABLES_NAMESPACES else ()),
            *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
            *("--uid", _USER, "--gid", _USER, "--hostname", "sandbox"),
            *("--seccomp", str(wiring.filter), "--json-status-fd", str(wiring.status)),
            *_system(),
            # Read-only: root may write to much of it even without capabilities, by owning the files.
            *("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"),
            *_memory_folder("/dev/shm", min(_SHARED_MEMORY_MB, tmp_mb)),
            *_memory_folder("/tmp", tmp_mb),
            *_memory_folder(inside.HOME, min(_HOME_MB, tmp_mb)),
            *_rust(tools, job),
            *_etc(job, wiring),
        ]
        for mount in _by_depth(job.mounts):
            arguments += ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target]
        return [*arguments, "--remount-ro", "/", "--chdir", job.cwd]


@dataclass(frozen=True, slots=True)
class _Wiring:
    """The file descriptors between us and bwrap: all are closed by it before the job starts.

    Attributes:
        filter: The system call filter.
        status: bwrap's side of the pipe on which it says how far it came.
        report: Our side of it.
        files: Inner path and descriptor of each file that is written into the sandbox.
        opened: Every descriptor that is still ours to close; none may be closed twice, because another
            thread's file may have got its number in between.
    """

    filter: int
    status: int
    report: int
    files: dict[str, int]
    opened: set[int]
    said: bytearray = field(default_factory=bytearray)

    @property
    def descriptor(self) -> int:
        """Where it is worth asking whether the sandbox is set up."""
        return self.report

    def is_open(self) -> bool:
        """Whether bwrap has reported the sandbox's first process.

        Before it does so, it has asked the kernel to be killed when we die.
        """
        with contextlib.suppress(BlockingIOError):
            self.said.extend(os.read(self.report, 1 << 16))
        return b"\n" in self.said

    @property
    def descriptors(self) -> tuple[int, ...]:
        return (self.filter, self.status, *self.files.values())

    def progress(self) -> _Progress:
        """What bwrap reported; to be asked once, after its end."""
        self.opened.remove(self.status)
        os.close(self.status)
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.report, 1 << 16):
                self.said.extend(chunk)
        said: dict[str, object] = {}
        for line in bytes(self.said).splitlines():
            with contextlib.suppress(ValueError):  # a line cut off by the end of bwrap
                said |= json.loads(line)
        first = said.get("child-pid", 0)
        return _Progress(first if isinstance(first, int) else 0, "exit-code" in said)


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far bwrap came.

    Attributes:
        first_process: Process 1 of the sandbox as we see it; 0 where it did not come so far.
        job_ended: Whether it saw a job end, which it does only if it could start it.
    """

    first_process: int
    job_ended: bool


def _await_end(first_process: int) -> None:
    """Wait until the last process of the sandbox is gone.

    bwrap ends as soon as the job's command has; the kernel then kills what is left in the process
    namespace, and its process 1 ends last of all.
    """
    try:
        descriptor = os.pidfd_open(first_process)
    except ProcessLookupError:
        return
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        poller.poll(_END_MILLISECONDS)
    finally:
        os.close(descriptor)


def _begin(job: Job, watchdog: Watchdog) -> bytes | None:
    """Wait until the job may begin; what happens on the machine until then is not its doing."""
    added = None if job.before_start is None else job.before_start()
    watchdog.reset()
    return added


@contextlib.contextmanager
def _wiring(tools: Toolchain, job: Job) -> Iterator[_Wiring]:
    sockets = Sockets.INTERNET if job.network else Sockets.LOCAL
    contents = dict(inside.WRITTEN_FILES)
    if not job.network:
        contents |= inside.LOCAL_FILES
    config = inside.registry(tools, network=job.network).config
    if config is not None:
        contents[f"{inside.CARGO_HOME}/config.toml"] = config
    opened: set[int] = set()
    try:
        program = _in_memory("filter", filter_program(machine(), sockets))
        opened.add(program)
        files = {}
        for path, content in contents.items():
            files[path] = _in_memory("file", content)
            opened.add(files[path])
        report, status = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        opened |= {report, status}
        yield _Wiring(program, status, report, files, opened)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _in_memory(name: str, content: bytes) -> int:
    descriptor = os.memfd_create(name)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _group(stack: contextlib.ExitStack, limits: Limits) -> Group | None:
    place = hierarchy()
    if place is None:
        return None
    try:
        return stack.enter_context(group(place, limits))
    except OSError as error:
        raise SandboxError(
            f"a control group cannot be made: {error.strerror}",
            where=str(error.filename or place.memory),
            advice="Check that the folder exists and may be written to.",
        ) from error


def _by_depth(mounts: Sequence[Mount]) -> list[Mount]:
    """Mounts in the order in which they can be made: outer folders first."""
    return sorted(mounts, key=lambda mount: mount.target.rstrip("/").count("/"))


def _memory_folder(path: str, size_mb: int) -> tuple[str, ...]:
    return ("--perms", "1777", "--size", str(size_mb << 20), "--tmpfs", path)


def _system(root: Path = Path("/")) -> Iterator[str]:
    """The system's folders: /bin and /lib as links where they are links, as folders where they are."""
    for name in (*_SYSTEM_FOLDERS, *_SYSTEM_LINKS):
        path = root / name.lstrip("/")
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", str(path), name)


def _rust(tools: Toolchain, job: Job) -> Iterator[str]:
    """The toolchain and installed commands at their own paths, cargo's downloads in its home inside."""
    if not str(tools.sysroot).startswith(("/usr/", "/nix/store/")) and tools.sysroot != Path("/usr"):
        yield from ("--ro-bind", str(tools.sysroot), str(tools.sysroot))
    kept = inside.registry(tools, network=job.network)
    if kept.commands:
        yield from ("--ro-bind", str(kept.commands), str(kept.commands))
    yield from ("--dir", inside.CARGO_HOME)
    for folder in kept.folders:
        yield "--bind" if job.network else "--ro-bind"
        yield from (str(folder), f"{inside.CARGO_HOME}/{folder.name}")
    if kept.lock:
        yield from ("--bind", str(kept.lock), f"{inside.CARGO_HOME}/{kept.lock.name}")


def _etc(job: Job, wiring: _Wiring) -> Iterator[str]:
    for name in inside.SYSTEM_FILES:
        if Path(name).exists():
            yield from ("--ro-bind", name, name)
    for path, descriptor in wiring.files.items():
        yield from ("--perms", "0644", "--file", str(descriptor), path)
    if job.network:
        for source in inside.network_files():
            yield from ("--ro-bind", str(source.resolve()), str(source))


def _after_signal(job: Job, argv: Sequence[str]) -> list[str]:
    """The command, held back until the first line of its input, which we write once bwrap is set up.

    bwrap asks the kernel to be killed when its parent dies, but does not notice a parent that died before
    it asked; the job of such a parent finds the end of its input here and never starts. The shell also
    sets the limits on files, which are the job's and not bwrap's or ours (in blocks of 512 bytes, as POSIX
    has it; without core dumps).
    """
    given = "" if job.stdin is not None else " < /dev/null"
    blocks = job.limits.disk_mb << 11
    script = f'ulimit -c 0 && ulimit -f {blocks} && read -r go && exec "$@"{given}'
    return ["/bin/sh", "-c", script, "sh", *argv]


def _process_limits(limits: Limits) -> list[str]:
    """util-linux's prlimit for what a control group would limit; shells disagree on how to say it."""
    program = shutil.which("prlimit", path=":".join(inside.SYSTEM_PATH))
    if program is None:
        raise SandboxError(
            "prlimit was not found", advice="Install the package util-linux, which every distribution has."
        )
    argv = [program, f"--data={limits.memory_mb << 20}"]
    if _kernel() >= _COUNTS_BY_NAMESPACE:
        argv.append(f"--nproc={limits.processes}")
    return [*argv, "--"]


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdigit())


def parse_version(text: str) -> tuple[int, ...]:
    """Read ``bubblewrap 0.8.0``; an unknown form gives an empty tuple, which is older than any."""
    number = text.strip().rpartition(" ")[2]
    return tuple(int(part) for part in number.split(".") if part.isascii() and part.isdigit())


def find_bubblewrap() -> BubblewrapSandbox:
    """The sandbox of this machine's bwrap.

    Raises:
        SandboxError: There is none, or it is too old.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap was not found", advice=install_advice())
    answer = run([program, "--version"], env={}, limits=Limits(seconds=10))
    version = parse_version(answer.text)
    if not answer.ok or version < _OLDEST:
        raise SandboxError(
            f"bubblewrap is too old: {answer.text.strip() or 'unknown version'}",
            where=program,
            advice="Version 0.5 or newer is needed.",
        )
    return BubblewrapSandbox(Path(program).resolve(), version)


def install_advice() -> str:
    """How to install bubblewrap."""
    return "Install it: `apt-get install bubblewrap`, `dnf install bubblewrap` or `pacman -S bubblewrap`."
