"""The sandboxed worktree as the workspace that the file and shell tools of pydantic-ai-harness work in."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from shlex import quote

from pydantic_ai.messages import WorkspaceRef
from pydantic_ai.workspaces import (
    CommandResult,
    FileEntry,
    WorkspaceCommand,
    WorkspaceError,
    WorkspaceTimeoutError,
)

from ironwright.host.process import Completed
from ironwright.host.sandbox import Job, inner_path
from ironwright.records.errors import SandboxError
from ironwright.records.shell_reading import dependency_command
from ironwright.session import cargo_network
from ironwright.session.attempt import TARGET_MOUNT, Workplace
from ironwright.session.ready_sandbox import SHELL, ReadySandbox
from ironwright.session.worktree_files import Entry, WorktreeFiles


class SandboxWorkspace:
    """A workspace whose commands run in the sandbox and whose files are the worktree's.

    Commands have no network, but for one plain ``cargo add`` or ``cargo fetch``, which is run without a
    shell. It keeps nothing alive between commands: each has a sandbox of its own, which ends everything that
    the command started. After a command the sandbox of the next one is set up, while the agent thinks.

    Args:
        workplace: The worktree with its sandbox.
        before_command: Called when a command is known; the command starts after it returned.
    """

    def __init__(self, workplace: Workplace, before_command: Callable[[], None] | None = None) -> None:
        self._workplace = workplace
        self._before_command = before_command
        self._ready: ReadySandbox | None = None
        building = any(mount.target == TARGET_MOUNT for mount in workplace.mounts)
        self._env = {**({"CARGO_TARGET_DIR": TARGET_MOUNT} if building else {}), **workplace.env}
        self.files = WorktreeFiles(
            workplace.worktree, inner_path(workplace.sandbox, workplace.mounts, workplace.worktree)
        )
        self.last: Completed | None = None
        """The last command that ended, with all its output."""

    @property
    def ref(self) -> WorkspaceRef:
        """The worktree on this machine."""
        return WorkspaceRef(provider="ironwright", id=str(self._workplace.worktree))

    async def working_dir(self) -> str:
        """The worktree's top as commands see it."""
        return self.files.seen_at

    async def run(
        self,
        command: WorkspaceCommand,
        *,
        shell: bool = False,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> CommandResult:
        """Run a command in the sandbox; a timeout or a cancellation ends all that it started."""
        if isinstance(command, str) != shell:
            raise TypeError("a text needs shell=True, and a sequence must not have it")
        if timeout is not None and not 0 < timeout < float("inf"):
            raise ValueError("timeout must be a positive finite number or None")
        argv, network = self._argv(command)
        limits = self._workplace.command_limits
        if timeout is not None and timeout < limits.seconds:
            limits = replace(limits, seconds=timeout)
        job = Job(
            argv=argv,
            mounts=self._workplace.mounts,
            cwd=self.files.seen_at,
            env={**self._env, **(env or {}), **(cargo_network.ENVIRONMENT if network else {})},
            limits=limits,
            network=network,
            before_start=self._before_command,
        )
        completed = await self._finish(job)
        self.last = completed
        if completed.timed_out:
            raise WorkspaceTimeoutError(
                f"the command was ended after {limits.seconds:g} seconds",
                stdout=completed.text,
                stderr=completed.error_text,
            )
        code = completed.exit_code
        return CommandResult(
            exit_code=code if code >= 0 else 128 - code,
            stdout=completed.text,
            stderr=completed.error_text,
        )

    def _argv(self, command: WorkspaceCommand) -> tuple[Sequence[str], bool]:
        """What is executed, and whether it may reach the network."""
        if not isinstance(command, str):
            return list(command), False
        # The shell tool puts `cd <working directory> || exit` on a line of its own before the command.
        plain = command.removeprefix(f"cd {quote(self.files.seen_at)} || exit\n")
        dependency = dependency_command(plain)
        if dependency is not None:
            fit = cargo_network.unfit_for_network(self.files) is None
            return dependency.argv, dependency.network and fit
        return [*SHELL, command], False

    async def close(self) -> None:
        """Let go of the sandbox that was set up for a command that never came."""
        ready, self._ready = self._ready, None
        if ready is not None:
            await ready.close()

    async def _finish(self, job: Job) -> Completed:
        """Run a job in the sandbox that is ready for it, or in one that is set up now."""
        ready, self._ready = self._ready, None
        completed: Completed | None = None
        if ready is not None and ready.fits(job):
            with contextlib.suppress(SandboxError):  # it did not last; the command has not started in it
                completed = await _end_of(*ready.begin(job))
        elif ready is not None:
            await ready.close()
        if completed is None:
            stop = threading.Event()
            running = asyncio.get_running_loop().run_in_executor(
                None, partial(self._workplace.sandbox.run, job, stop=stop)
            )
            completed = await _end_of(running, stop.set)
        if self._workplace.sandbox.moves_folders and ReadySandbox.takes(job):
            self._ready = ReadySandbox(self._workplace.sandbox, job)
        return completed

    # File operations take microseconds on local files: a thread for each would cost more than it saves.

    async def read_bytes(self, path: str) -> bytes:
        """A file's bytes."""
        return self.files.read(path)

    async def write_bytes(self, path: str, data: bytes) -> None:
        """Write a whole file."""
        relative = self.files.relative(path)
        if relative is not None and relative.split("/")[0] == ".git":
            raise WorkspaceError("git's own files are changed by git commands only")
        self.files.write(path, data)

    async def stat(self, path: str) -> FileEntry:
        """What is known of a file or folder."""
        return _entry(self.files.stat(path))

    async def list_dir(self, path: str) -> Sequence[FileEntry]:
        """The entries of a folder."""
        return [_entry(item) for item in self.files.list(path)]

    async def make_dir(self, path: str) -> None:
        """Make a folder with the ones above it."""
        self.files.make_folder(path)

    async def remove(self, path: str) -> None:
        """Remove a file or a folder."""
        self.files.remove(path)

    async def exists(self, path: str) -> bool:
        """Whether a file or folder is there."""
        try:
            self.files.stat(path)
        except OSError:
            return False
        return True

    async def realpath(self, path: str) -> str:
        """The path with links followed."""
        return self.files.real(path)


async def _end_of(running: asyncio.Future[Completed], stop: Callable[[], None]) -> Completed:
    """Wait for a job in a thread; a cancellation stops it and waits until nothing of it runs any more."""
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait([running])
        raise


def _entry(item: Entry) -> FileEntry:
    return FileEntry(
        name=item.path.rstrip("/").rsplit("/", 1)[-1], path=item.path, is_dir=item.is_dir, size=item.size
    )
