"""A command that finds its sandbox ready does what it does in one that is set up for it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from attempt_bench import Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_ai.workspaces import CommandResult, WorkspaceTimeoutError

from ironwright.host.sandbox import Job
from ironwright.records.errors import RunError
from ironwright.session.ready_sandbox import LONGEST, ReadySandbox
from ironwright.session.sandbox_workspace import SandboxWorkspace
from ironwright.testing.scripted_model import ScriptedServer

Work = Callable[[SandboxWorkspace], Awaitable[Any]]


def work_in(bench: Bench, work: Work, before: Callable[[], None] | None = None) -> Any:
    with ScriptedServer([]) as server:
        place = bench.spec(server, None).workplace  # type: ignore[arg-type]

    async def go() -> Any:
        workspace = SandboxWorkspace(place, before)
        try:
            return await work(workspace)
        finally:
            await workspace.close()

    return asyncio.run(go())


async def bash(workspace: SandboxWorkspace, command: str, timeout: float | None = None) -> CommandResult:
    return await workspace.run(command, shell=True, timeout=timeout)


def sandboxes() -> list[int]:
    """The bwrap processes that this process has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() and b"bwrap" in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


async def one_ready() -> int:
    """The sandbox that waits, once it does."""
    while not (found := sandboxes()):
        await asyncio.sleep(0.01)
    return found[0]


PROBE = r"""env | sort; echo "$0 $# $- [$c]"; pwd; cat; ulimit -c -f; ls /proc/self/fd
printf '%s\n' 'quo"te' "ā\\n$'x'" <<'END'
END
echo err >&2
( exit 3 )"""


def test_a_command_cannot_tell_whether_its_sandbox_was_ready(bench: Bench) -> None:
    async def work(workspace: SandboxWorkspace) -> Any:
        cold = await bash(workspace, PROBE)
        await one_ready()
        return cold, await bash(workspace, PROBE)

    cold, ready = work_in(bench, work)
    assert ready == cold
    assert (cold.exit_code, cold.stderr) == (3, "err\n")
    assert r"ā\n$'x'" in cold.stdout


def test_the_same_command_fails_in_the_same_words(bench: Bench) -> None:
    async def work(workspace: SandboxWorkspace) -> Any:
        lines = ["no-such-command", "if (", "kill -SEGV $$", "exit 300", "true\nfalse", "sh -c 'kill -9 $$'"]
        await bash(workspace, "true")
        return [(await bash(workspace, line), await cold(workspace, line)) for line in lines]

    async def cold(workspace: SandboxWorkspace, line: str) -> CommandResult:
        await workspace.close()
        return await bash(workspace, line)

    for ready, other in work_in(bench, work):
        assert ready == other


def test_each_command_has_a_sandbox_of_its_own(bench: Bench) -> None:
    async def work(workspace: SandboxWorkspace) -> Any:
        await bash(workspace, "touch /tmp/left; sleep 60 & echo $! >/dev/null")
        return await bash(workspace, "ls /tmp; ps -e 2>/dev/null | grep -c sleep")

    assert work_in(bench, work).stdout.split() in ([], ["0"])


def test_nothing_is_left_of_a_sandbox_that_was_not_needed(bench: Bench) -> None:
    async def work(workspace: SandboxWorkspace) -> int:
        await bash(workspace, "true")
        return await one_ready()

    assert work_in(bench, work) > 0
    assert sandboxes() == []


@pytest.mark.parametrize("age", [0.0, 0.3])
def test_a_sandbox_that_did_not_last_is_replaced(bench: Bench, age: float) -> None:
    async def work(workspace: SandboxWorkspace) -> Any:
        await bash(workspace, "true")
        waiting = await one_ready()
        await asyncio.sleep(age)
        os.kill(waiting, signal.SIGTERM)
        await asyncio.sleep(0.05)
        return await bash(workspace, "echo again >> log; cat log")

    assert work_in(bench, work).stdout == "again\n"


def test_time_counts_from_the_command_on(bench: Bench) -> None:
    async def work(workspace: SandboxWorkspace) -> Any:
        await bash(workspace, "true", timeout=0.5)
        await one_ready()
        await asyncio.sleep(0.7)
        spoken = await bash(workspace, "echo spoken", timeout=0.5)
        began = time.monotonic()
        with pytest.raises(WorkspaceTimeoutError, match=r"after 0\.5 seconds"):
            await bash(workspace, "sleep 60", timeout=0.5)
        return spoken.stdout, time.monotonic() - began

    spoken, seconds = work_in(bench, work)
    assert spoken == "spoken\n"
    assert 0.5 <= seconds < 5


def test_a_command_of_another_kind_gets_a_sandbox_of_its_kind(bench: Bench) -> None:
    async def work(workspace: SandboxWorkspace) -> Any:
        await bash(workspace, "true", timeout=30)
        other = await workspace.run("echo $X", shell=True, env={"X": "other"})
        long = await bash(workspace, f"echo {'x' * LONGEST} | wc -c")
        return other.stdout, long.stdout

    assert work_in(bench, work) == ("other\n", f"{LONGEST + 1}\n")


def test_a_cancelled_command_ends_in_a_ready_sandbox_too(bench: Bench) -> None:
    async def work(workspace: SandboxWorkspace) -> None:
        await bash(workspace, "true")
        await one_ready()
        running = asyncio.create_task(bash(workspace, "sleep 60; touch never"))
        await asyncio.sleep(0.1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    began = time.monotonic()
    work_in(bench, work)
    assert time.monotonic() - began < 5
    assert sandboxes() == []
    assert not bench.file("never").exists()


def test_a_command_that_may_not_begin_does_not_begin_in_a_ready_sandbox(bench: Bench) -> None:
    refused: list[bool] = []

    def before() -> None:
        if refused:
            raise RunError("the journal cannot be written")
        refused.append(True)

    async def work(workspace: SandboxWorkspace) -> None:
        await bash(workspace, "true")
        await one_ready()
        with pytest.raises(RunError, match="the journal"):
            await bash(workspace, "touch never")

    work_in(bench, work, before)
    assert not bench.file("never").exists()


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=4))
def test_any_text_reaches_the_command(bench: Bench, words: list[str]) -> None:
    command = "printf '%s\\0' " + " ".join(map(quote, words or [""]))

    async def work(workspace: SandboxWorkspace) -> Any:
        await bash(workspace, "true")
        return await bash(workspace, command)

    assert work_in(bench, work).stdout.split("\0")[:-1] == (words or [""])


def test_only_shell_commands_of_moderate_length_are_passed_on() -> None:
    assert ReadySandbox.takes(Job(["/bin/bash", "-c", "true"], [], "/"))
    assert not ReadySandbox.takes(Job(["cargo", "add", "x"], [], "/", network=True))
    assert not ReadySandbox.takes(Job(["/bin/bash", "-c", "true"], [], "/", stdin=b""))
    assert not ReadySandbox.takes(Job(["/bin/bash", "-c", "ā" * LONGEST], [], "/"))


def test_a_sandbox_that_waits_ends_with_a_killed_process(bench: Bench) -> None:
    said = bench.folder / "waiting"

    async def work(workspace: SandboxWorkspace) -> None:
        await bash(workspace, "true")
        waiting = await one_ready()
        await asyncio.sleep(0.3)
        (bench.folder / "part").write_text(str(waiting))
        (bench.folder / "part").replace(said)
        await asyncio.sleep(60)

    child = os.fork()
    if not child:
        try:
            work_in(bench, work)
        finally:
            os._exit(1)
    deadline = time.monotonic() + 20
    while not said.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    bwrap = Path("/proc", said.read_text(), "cmdline")
    while time.monotonic() < deadline and alive(bwrap):
        time.sleep(0.02)
    assert not alive(bwrap)


def alive(cmdline: Path) -> bool:
    """Whether a process runs a program; one that has ended and nobody has waited for runs none."""
    try:
        return bool(cmdline.read_bytes())
    except OSError:
        return False
