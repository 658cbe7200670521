"""A sandbox that is set up before its command is known, so that the command need not wait for it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from queue import SimpleQueue

from ironwright.host.process import Completed
from ironwright.host.sandbox import Job, Sandbox

SHELL = ("/bin/bash", "-c")
"""What commands of a shell begin with; only these fit into a sandbox that is ready."""

LONGEST = 4096
"""Bytes of a command that is passed on as input, which the shell reads byte by byte."""

# Reads the command, then becomes the shell that would have run it: nothing but the command is known to it.
_READER = (*SHELL, f'IFS= read -r -d "" c && exec {" ".join(SHELL)} "$c" </dev/null')


class _NotNeededError(Exception):
    """Ends a sandbox whose command never came."""


class ReadySandbox:
    """One sandbox for one command that is like another one; setting it up begins at once.

    It holds a thread of the event loop's executor until it was used or closed. That thread starts
    bubblewrap, which ends with it.

    Args:
        sandbox: What runs it.
        like: The job that the next one is expected to be like, in all but its command.
    """

    def __init__(self, sandbox: Sandbox, like: Job) -> None:
        self._like = replace(like, argv=())
        self._command: SimpleQueue[bytes | None] = SimpleQueue()
        self._stop = threading.Event()
        job = replace(like, argv=_READER, stdin=b"", before_start=self._await_command)
        self._running = asyncio.get_running_loop().run_in_executor(
            None, partial(sandbox.run, job, stop=self._stop)
        )

    @staticmethod
    def takes(job: Job) -> bool:
        """Whether a job is of the kind that can be run so."""
        if tuple(job.argv[:-1]) != SHELL or job.stdin is not None or job.network:
            return False
        return len(_bytes(job.argv[-1])) <= LONGEST and "\0" not in job.argv[-1]

    def fits(self, job: Job) -> bool:
        """Whether this sandbox stands, and is what the job would be given."""
        return self.takes(job) and replace(job, argv=()) == self._like and not self._running.done()

    def begin(self, job: Job) -> tuple[asyncio.Future[Completed], Callable[[], None]]:
        """Run a job that fits.

        Returns:
            What comes of it, and what ends it early.
        """
        self._command.put(_bytes(job.argv[-1]) + b"\0")
        return self._running, self._stop.set

    async def close(self) -> None:
        """End it where it was not used, and wait until nothing of it is left."""
        self._command.put(None)
        await asyncio.wait([self._running])
        if not self._running.cancelled():
            self._running.exception()  # it was not needed: how it ended is nobody's concern

    def _await_command(self) -> bytes:
        command = self._command.get()
        if command is None:
            raise _NotNeededError
        if self._like.before_start is not None:
            self._like.before_start()
        return command


def _bytes(command: str) -> bytes:
    """A command as processes get it."""
    return os.fsencode(command)
