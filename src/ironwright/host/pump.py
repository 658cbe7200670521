"""Moves a process's input and output and notices its end, all in the thread that waits for it."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Callable
from typing import IO, Protocol

OutputListener = Callable[[bytes], None]

_CHUNK = 1 << 16
_ENDED = select.POLLHUP | select.POLLERR | select.POLLNVAL


class Gate(Protocol):
    """Holds back a process's input until something else has happened."""

    @property
    def descriptor(self) -> int:
        """The file descriptor that has something to read when it is worth asking."""
        ...

    def is_open(self) -> bool:
        """Whether the input may be written now; called when the descriptor is readable, never blocks."""
        ...


class Output:
    """What a process printed to one pipe: the first and the last half of the limit.

    Args:
        limit: Bytes that are kept.
        listener: Called with each piece, also with what is dropped.
    """

    def __init__(self, limit: int, listener: OutputListener | None) -> None:
        self._half = max(1, limit // 2)
        self._listener = listener
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    def keep(self, chunk: bytes) -> None:
        """Add a piece."""
        if self._listener:
            self._listener(chunk)
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        excess = len(self._tail) - self._half
        if excess > 0:
            del self._tail[:excess]
            self.dropped += excess

    @property
    def kept(self) -> bytes:
        """The pieces in order, with a note where something was dropped."""
        if not self.dropped:
            return bytes(self._head + self._tail)
        note = b"\n[... %d bytes of output dropped here ...]\n" % self.dropped
        return bytes(self._head) + note + bytes(self._tail)


class Pump:
    """The pipes of one process and its end.

    One thread with ``poll`` in place of a thread for each pipe: starting and waking threads cost more than
    a short command does. A listener that blocks holds everything up.

    Args:
        process: Started with pipes for stdout and stderr, and for stdin where there is input.
        output_bytes: What is kept of each of stdout and stderr.
        listener: Called with each piece of output.
        stdin: The input; None where there is no pipe for it.
        gate: Holds the input back.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        output_bytes: int,
        listener: OutputListener | None,
        stdin: bytes | None,
        gate: Gate | None,
    ) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdout, self.stderr = Output(output_bytes, listener), Output(output_bytes, listener)
        self._poller = select.poll()
        self._reading: dict[int, Output] = {}
        self._gate = gate
        self._left = memoryview(stdin or b"")
        self._input: IO[bytes] | None = process.stdin
        self._pidfd = os.pidfd_open(process.pid)
        self._has_ended = False
        self._pipes = [process.stdout, process.stderr]
        self._poller.register(self._pidfd, select.POLLIN)
        for pipe, output in ((process.stdout, self.stdout), (process.stderr, self.stderr)):
            self._reading[pipe.fileno()] = output
            self._poller.register(pipe.fileno(), select.POLLIN)
        if self._input is not None:
            os.set_blocking(self._input.fileno(), False)
            if gate is None:
                self._poller.register(self._input.fileno(), select.POLLOUT)
            else:
                self._poller.register(gate.descriptor, select.POLLIN)

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended; its pipes may still hold something."""
        return self._has_ended

    @property
    def is_dry(self) -> bool:
        """Whether nobody can print any more."""
        return not self._reading

    def move(self, seconds: float) -> None:
        """Wait at most so long until there is something to move or the process ends, and move it."""
        for descriptor, events in self._poller.poll(max(1, int(seconds * 1000))):
            if descriptor in self._reading:
                self._read(descriptor)
            elif descriptor == self._pidfd:
                self._has_ended = True
                self._poller.unregister(self._pidfd)
            elif self._input is not None and descriptor == self._input.fileno():
                self._write(self._input, events)
            elif self._gate is not None and descriptor == self._gate.descriptor:
                self._ask(self._gate, events)

    def close(self) -> None:
        """Close the pipes, whatever they still hold."""
        self._close_input()
        for pipe in self._pipes:
            pipe.close()
        os.close(self._pidfd)

    def _read(self, descriptor: int) -> None:
        chunk = os.read(descriptor, _CHUNK)
        if chunk:
            self._reading[descriptor].keep(chunk)
        else:
            del self._reading[descriptor]
            self._poller.unregister(descriptor)

    def _ask(self, gate: Gate, events: int) -> None:
        is_open = gate.is_open()
        if is_open or events & _ENDED:
            self._poller.unregister(gate.descriptor)
            self._gate = None
            if not is_open or self._input is None:
                self._close_input()
            else:
                self._poller.register(self._input.fileno(), select.POLLOUT)

    def _write(self, pipe: IO[bytes], events: int) -> None:
        try:
            if self._left and not events & _ENDED:
                self._left = self._left[os.write(pipe.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # a command need not read all of its input
            self._left = memoryview(b"")
        if not self._left or events & _ENDED:
            self._poller.unregister(pipe.fileno())
            self._close_input()

    def _close_input(self) -> None:
        pipe, self._input = self._input, None
        if pipe is not None:
            pipe.close()
