"""Starts a process and brings it to an end: time, output and stop limits, and no process left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ironwright.host.clock import seconds as clock
from ironwright.host.pump import Gate, Pump
from ironwright.host.pump import OutputListener as OutputListener
from ironwright.records.errors import ToolError

Watch = Callable[[int], str]

_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 3600.0  # poll() takes milliseconds as a C int
_DRAIN_SECONDS = 5.0
"""How long output is awaited after the end from a process that left the group and kept a pipe."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may use.

    Attributes:
        seconds: Wall time; then the whole process group is killed.
        memory_mb: Memory of the command with all its children (MiB), enforced by the sandbox.
        processes: Processes and threads at once, enforced by the sandbox.
        output_bytes: Bytes kept of each of stdout and stderr; beyond that the middle is dropped.
        disk_mb: What it may write to temporary places (MiB), enforced by the sandbox.
    """

    seconds: float = 900.0
    memory_mb: int = 8192
    processes: int = 1024
    output_bytes: int = 64 << 20
    disk_mb: int = 8192


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended.

    Attributes:
        argv: The command as asked for (without a sandbox's own words).
        exit_code: 0 to 255, or minus the signal's number.
        stdout: What it printed, at most the limit's bytes.
        stderr: The same for stderr.
        seconds: Wall time.
        timed_out: The time limit ended it.
        stopped: The caller's ``stop`` ended it.
        truncated: Output was dropped.
        limit_hit: Which limit other than time it ran into ("memory: more than 512 MiB"), else empty. Its
            answer then says nothing about the code that ran.
        never_begun: It ended before it could be given any input.
    """

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False
    stopped: bool = False
    truncated: bool = False
    limit_hit: str = ""
    never_begun: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, within its limits, with exit code 0."""
        return self.exit_code == 0 and not (self.timed_out or self.stopped or self.limit_hit)

    @property
    def text(self) -> str:
        """Stdout as text; bytes that are no UTF-8 become U+FFFD."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def error_text(self) -> str:
        """Stderr as text; bytes that are no UTF-8 become U+FFFD."""
        return self.stderr.decode("utf-8", "replace")


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    limits: Limits | None = None,
    on_output: OutputListener | None = None,
    stop: threading.Event | None = None,
    pass_fds: Iterable[int] = (),
    shown_as: Sequence[str] | None = None,
    watch: Watch | None = None,
    grace_seconds: float = 0.0,
    stdin_when: Gate | None = None,
    meanwhile: Callable[[], bytes | None] | None = None,
) -> Completed:
    """Run a command to its end.

    The command gets its own session, so that ending it ends every process that it started and did not
    detach (a sandbox catches those).

    Args:
        argv: The command and its arguments; no shell is involved.
        cwd: Where it runs.
        env: Its whole environment; None passes on ours.
        stdin: What it reads; None is an empty input.
        limits: Only time and output are enforced here; the rest is the sandbox's.
        on_output: Called with each piece of stdout and stderr, from this thread.
        stop: Ends the command when it is set.
        pass_fds: File descriptors that it inherits.
        shown_as: What ``Completed.argv`` shows instead of ``argv``.
        watch: Asked about 20 times a second, with the process id; what it answers ends the command and
            becomes ``Completed.limit_hit``, unless it is empty.
        grace_seconds: How long a command that is to be ended may clean up after SIGTERM, before its process
            group is killed.
        stdin_when: Holds ``stdin`` back until it is open; where the command ends first, nothing is written.
        meanwhile: Called once after the command was started and before any of ``stdin`` is written, for as
            long as it likes: time counts from its end. What it returns is added to ``stdin``, which must not
            be None then; what it raises ends the command, and is raised.

    Raises:
        ToolError: The command cannot be started.
    """
    limits = limits or Limits()
    started = clock()
    never_begun = False
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except FileNotFoundError as error:
        missing = error.filename or argv[0]
        raise ToolError(
            f"{missing} was not found", advice="`ironwright doctor` says how to install it."
        ) from error
    except OSError as error:
        raise ToolError(f"{argv[0]} could not be started: {error.strerror or error}") from error
    try:
        if meanwhile is not None:
            stdin = b"".join(part for part in (stdin, meanwhile()) if part)
            started = clock()
            never_begun = _has_ended(process)
        given = b"" if never_begun else stdin  # what it left running must not begin in its place
        pump = Pump(process, limits.output_bytes, on_output, given, stdin_when)
    except BaseException:  # it has not begun, or no file descriptor is left
        _abandon(process)
        raise
    end = _End()
    try:
        end = _wait(process, pump, started + limits.seconds, stop, watch)
    finally:
        try:
            _end_group(process, pump, grace_seconds)
        finally:
            pump.close()
    return Completed(
        argv=tuple(shown_as or argv),
        exit_code=process.returncode,
        stdout=pump.stdout.kept,
        stderr=pump.stderr.kept,
        seconds=clock() - started,
        timed_out=end.timed_out,
        stopped=end.stopped,
        truncated=bool(pump.stdout.dropped or pump.stderr.dropped),
        limit_hit=end.limit_hit,
        never_begun=never_begun,
    )


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended; how it did is left to be asked."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _abandon(process: subprocess.Popen[bytes]) -> None:
    """End a process that nobody has waited for, with its group, and close its pipes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


@dataclass(frozen=True, slots=True)
class _End:
    """Why waiting ended; all empty when the command ended by itself."""

    timed_out: bool = False
    stopped: bool = False
    limit_hit: str = ""


def _wait(
    process: subprocess.Popen[bytes],
    pump: Pump,
    deadline: float,
    stop: threading.Event | None,
    watch: Watch | None,
) -> _End:
    """Move input and output until the command ends or there is a reason to end it."""
    step = _LONGEST_POLL_SECONDS if stop is None and watch is None else _POLL_SECONDS
    next_watch = clock() + _POLL_SECONDS
    while True:
        now = clock()
        if now >= deadline:
            return _End(timed_out=True)
        if stop is not None and stop.is_set():
            return _End(stopped=True)
        pump.move(min(deadline - now, step))
        if pump.has_ended:
            return _End()
        if watch is not None and clock() >= next_watch:
            if reason := watch(process.pid):
                return _End(limit_hit=reason)
            next_watch = clock() + _POLL_SECONDS


def _end_group(process: subprocess.Popen[bytes], pump: Pump, grace_seconds: float) -> None:
    """End what is left of the command's process group, and take what it had printed."""
    if grace_seconds > 0 and not pump.has_ended:
        process.terminate()
        _move_until(pump, lambda: pump.has_ended, grace_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _move_until(pump, lambda: pump.is_dry, _DRAIN_SECONDS)


def _move_until(pump: Pump, done: Callable[[], bool], seconds: float) -> None:
    deadline = clock() + seconds
    while not done() and (left := deadline - clock()) > 0:
        pump.move(left)
