"""Starts a process and brings it to an end: time, output and stop limits, and no process left behind."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ironwright.host.clock import seconds as clock
from ironwright.records.errors import ToolError

OutputListener = Callable[[bytes], None]
Watch = Callable[[int], str]

_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 3600.0  # poll() takes milliseconds as a C int
_CHUNK = 1 << 16


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


class _Collector(threading.Thread):
    """Reads one pipe to its end, keeping the first and the last half of the limit."""

    def __init__(self, pipe: IO[bytes], limit: int, listener: OutputListener | None) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._half = max(1, limit // 2)
        self._listener = listener
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0
        self.start()

    def run(self) -> None:
        with contextlib.suppress(ValueError):  # the pipe is closed under us when the command was killed
            while chunk := os.read(self._pipe.fileno(), _CHUNK):
                if self._listener:
                    self._listener(chunk)
                self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        excess = len(self._tail) - self._half
        if excess > 0:
            del self._tail[:excess]
            self.dropped += excess

    def output(self) -> bytes:
        if not self.dropped:
            return bytes(self._head + self._tail)
        note = b"\n[... %d bytes of output dropped here ...]\n" % self.dropped
        return bytes(self._head) + note + bytes(self._tail)


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
    stdin_when: Callable[[], bool] | None = None,
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
        on_output: Called with each piece of stdout and stderr, from two threads.
        stop: Ends the command when it is set.
        pass_fds: File descriptors that it inherits.
        shown_as: What ``Completed.argv`` shows instead of ``argv``.
        watch: Asked about 20 times a second, with the process id; what it answers ends the command and
            becomes ``Completed.limit_hit``, unless it is empty.
        grace_seconds: How long a command that is to be ended may clean up after SIGTERM, before its process
            group is killed.
        stdin_when: Asked in the thread that writes ``stdin``, which is written once it has answered True and
            only closed when it answers False.

    Raises:
        ToolError: The command cannot be started.
    """
    limits = limits or Limits()
    started = clock()
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
    assert process.stdout is not None
    assert process.stderr is not None
    collectors = [
        _Collector(pipe, limits.output_bytes, on_output) for pipe in (process.stdout, process.stderr)
    ]
    end = _End()
    try:
        _feed(process, stdin, stdin_when)
        end = _wait(process, started + limits.seconds, stop, watch)
    finally:
        _kill_group(process, grace_seconds)
        for collector in collectors:
            collector.join(timeout=5)
        process.stdout.close()
        process.stderr.close()
    return Completed(
        argv=tuple(shown_as or argv),
        exit_code=process.returncode,
        stdout=collectors[0].output(),
        stderr=collectors[1].output(),
        seconds=clock() - started,
        timed_out=end.timed_out,
        stopped=end.stopped,
        truncated=any(collector.dropped for collector in collectors),
        limit_hit=end.limit_hit,
    )


def _feed(process: subprocess.Popen[bytes], stdin: bytes | None, when: Callable[[], bool] | None) -> None:
    if stdin is None or process.stdin is None:
        return
    pipe = process.stdin

    def write() -> None:
        with contextlib.suppress(BrokenPipeError):  # a command need not read all of its input
            if when is None or when():
                pipe.write(stdin)
        with contextlib.suppress(BrokenPipeError):
            pipe.close()

    threading.Thread(target=write, daemon=True).start()


@dataclass(frozen=True, slots=True)
class _End:
    """Why waiting ended; all empty when the command ended by itself."""

    timed_out: bool = False
    stopped: bool = False
    limit_hit: str = ""


def _wait(
    process: subprocess.Popen[bytes], deadline: float, stop: threading.Event | None, watch: Watch | None
) -> _End:
    """Wait for the end of the command or a reason to end it.

    ``Popen.wait`` with a timeout sleeps up to 50 ms between its looks; a pidfd answers at once.
    """
    pidfd = os.pidfd_open(process.pid)
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        while True:
            left = deadline - clock()
            if left <= 0:
                return _End(timed_out=True)
            if stop is not None and stop.is_set():
                return _End(stopped=True)
            pause = left if stop is None and watch is None else min(left, _POLL_SECONDS)
            if poller.poll(max(1.0, min(pause, _LONGEST_POLL_SECONDS) * 1000)):
                return _End()
            if watch is not None and (reason := watch(process.pid)):
                return _End(limit_hit=reason)
    finally:
        os.close(pidfd)


def _kill_group(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    if grace_seconds > 0 and process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=grace_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
