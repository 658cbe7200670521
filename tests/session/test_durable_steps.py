from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from attempt_bench import Bench, call, git_trees, make_bench

from ironwright.records.journal import EventKind, read_journal
from ironwright.session.attempt import Stopped
from ironwright.session.journal import JournalWriter
from ironwright.session.native import work
from ironwright.testing.scripted_model import Received, ScriptedServer, ToolUse, Turn

# Each changing call is one whose repetition shows: a second time it appends again, or fails.
SCRIPT = [
    call("read_file", path="src/lib.rs"),
    call("run_command", command="echo one >> log.txt"),
    Turn(
        "both",
        [
            ToolUse("run_command", {"command": "mkdir made && echo two >> log.txt"}),
            ToolUse("edit_file", {"path": "src/lib.rs", "old_text": "    1\n", "new_text": "    2\n"}),
        ],
    ),
    call("run_command", command="cargo test | tail"),
    call("run_command", command="cat no-such-file"),
    Turn("finished"),
]
CALLS = 6
STEPS = len(SCRIPT) + CALLS


def by_position(request: Received) -> Turn:
    """The turn that belongs to a conversation, however often it is asked for."""
    return SCRIPT[sum(1 for message in request.json["messages"] if message["role"] == "assistant")]


class RememberingSteps:
    """Remembers finished steps in a file, and can end the process around one of them."""

    def __init__(self, path: Path, kill_at: str = "") -> None:
        self._path = path
        self._kill_at = kill_at
        self.done: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.acted: list[str] = []

    async def __call__(self, name: str, action: Callable[[], Awaitable[Any]]) -> Any:
        if name not in self.done:
            position = len(self.done)
            self._kill(f"before-{position}")
            value = await action()
            self.acted.append(name)
            self._kill(f"acted-{position}")
            self.done[name] = json.loads(json.dumps(value))
            temporary = self._path.with_suffix(".new")
            temporary.write_text(json.dumps(self.done))
            temporary.replace(self._path)
            self._kill(f"recorded-{position}")
        return self.done[name]

    def _kill(self, moment: str) -> None:
        if moment == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def attempt(bench: Bench, server: ScriptedServer, kill_at: str = "") -> tuple[Any, RememberingSteps]:
    steps = RememberingSteps(bench.folder / "steps.json", kill_at)
    with JournalWriter(bench.journal) as journal:
        trees = git_trees(bench.worktree, bench.folder / "trees")
        result = asyncio.run(work(bench.spec(server, journal, step=steps, trees=trees)))
    return result, steps


def assert_as_if_nothing_had_happened(bench: Bench, result: Any) -> None:
    assert (result.stopped, result.summary) == (Stopped.FINISHED, "finished")
    assert bench.file("log.txt").read_text() == "one\ntwo\n"
    assert "    2\n" in bench.file("src/lib.rs").read_text()
    events = read_journal(bench.journal)
    assert len({event.step for event in events}) == len(events)
    kinds = [event.kind for event in events]
    assert kinds.count(EventKind.MODEL_REQUEST) == kinds.count(EventKind.MODEL_RESPONSE) == len(SCRIPT)
    assert kinds.count(EventKind.TOOL_CALL) == CALLS
    assert kinds.count(EventKind.TOOL_RESULT) == CALLS - 1
    assert kinds.count(EventKind.GUARD_REFUSED) == 1
    made = next(event for event in events if "mkdir made" in str(event.data.get("command")))
    assert made.data["exit_code"] == 0
    assert result.usage.requests == len(SCRIPT)


def test_a_finished_attempt_is_replayed_without_acting(bench: Bench) -> None:
    with ScriptedServer(by_position) as server:
        first, steps = attempt(bench, server)
        assert len(steps.acted) == STEPS
        journal = bench.journal.read_bytes()
        tree = bench.file("src/lib.rs")
        tree.write_text("somebody went on working here\n")
        second, again = attempt(bench, server)
        assert again.acted == []
        assert len(server.requests) == len(SCRIPT)
    assert bench.journal.read_bytes() == journal
    assert (second.summary, second.usage) == (first.summary, first.usage)
    assert without_times(second.messages) == without_times(first.messages)
    assert tree.read_text() == "somebody went on working here\n"


def without_times(messages: bytes) -> str:
    """A conversation without the moments at which its parts were made; providers never see them."""
    return re.sub(r'"timestamp":"[^"]*"', "", messages.decode())


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["acted", "recorded"])
def test_kill_9_around_every_step_loses_and_repeats_nothing(tmp_path: Path, moment: str) -> None:
    """A process that dies before a step is one that died after the step before it was recorded."""
    for position in range(STEPS):
        bench = make_bench(_made(tmp_path / str(position)))
        with ScriptedServer(by_position) as server:
            _killed(bench, server, f"{moment}-{position}")
            result, steps = attempt(bench, server)
            assert len(server.requests) <= len(SCRIPT) + (moment == "acted")
            # What is asked again is asked in the same bytes, so that a recorded answer can be found for it.
            assert len({request.body for request in server.requests}) == len(SCRIPT)
        assert len(steps.done) == STEPS
        assert_as_if_nothing_had_happened(bench, result)


def test_a_command_cut_off_in_the_middle_starts_from_the_tree_before_it(bench: Bench) -> None:
    """The process dies while the command runs, after it has already written something."""
    marker = bench.file("half")
    script = [
        call("run_command", command="echo x >> half; while [ ! -e go ]; do sleep 0.05; done; rm go"),
        Turn("finished"),
    ]

    def turn(request: Received) -> Turn:
        return script[sum(1 for message in request.json["messages"] if message["role"] == "assistant")]

    with ScriptedServer(turn) as server:
        child = _forked(bench, server, "")
        while not marker.exists():
            time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        marker.write_text(marker.read_text() + "and more that nobody acknowledged\n")
        (bench.folder / "trees" / "index.lock").unlink(missing_ok=True)

        async def resumed() -> Any:
            steps = RememberingSteps(bench.folder / "steps.json")
            with JournalWriter(bench.journal) as journal:
                trees = git_trees(bench.worktree, bench.folder / "trees")
                task = asyncio.create_task(work(bench.spec(server, journal, step=steps, trees=trees)))
                while not (marker.exists() and marker.read_text() == "x\n"):
                    await asyncio.sleep(0.02)
                bench.file("go").write_text("")
                return await task

        result = asyncio.run(resumed())
    assert result.stopped is Stopped.FINISHED
    assert marker.read_text() == "x\n"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _forked(bench: Bench, server: ScriptedServer, kill_at: str) -> int:
    """Work on the attempt in a process of its own; it has every module loaded already."""
    child = os.fork()
    if child:
        return child
    try:
        attempt(bench, server, kill_at)
    finally:
        os._exit(1)


def _killed(bench: Bench, server: ScriptedServer, kill_at: str) -> None:
    _, status = os.waitpid(_forked(bench, server, kill_at), 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def test_a_call_is_on_the_disk_before_it_changes_anything(bench: Bench) -> None:
    """What a power cut could tell apart: a change in the worktree without the call that made it."""
    script = [
        call("run_command", command="touch made-by-command"),
        call("write_file", path="written", content="x"),
        call("read_file", path="written"),
        Turn("finished"),
    ]
    synced: list[tuple[str, set[str]]] = []

    class Witness(JournalWriter):
        def sync(self) -> None:
            there = {path.name for path in bench.worktree.iterdir()}
            super().sync()
            synced.append((self.events[-1].step, there))

    with ScriptedServer(script) as server, Witness(bench.journal) as journal:
        result = asyncio.run(work(bench.spec(server, journal)))
    assert result.stopped is Stopped.FINISHED
    crate = {"Cargo.toml", "src"}
    assert synced == [
        ("attempt-1/tool-1/call", crate),
        ("attempt-1/tool-2/call", {*crate, "made-by-command"}),
    ]
    assert bench.file("written").exists()
