"""kill -9 at every step of a run, through the real engine, a real provider's client and a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ironwright.host.clock import seconds
from ironwright.models.paid_once import end_server
from ironwright.records.journal import Event, read_journal
from ironwright.records.paths import ProjectPaths
from ironwright.testing.scripted_model import Fault, ScriptedServer, ToolUse, Turn

from .conftest import git, make_repository, user_state
from .test_run import AGENT, BAD, GOOD

pytestmark = pytest.mark.slow

SCRIPT = """
import json, sys
from pathlib import Path
from ironwright.testing.fault_injection import KillAt, Moments
from ironwright.workflow.launch import resume_run, run_task
from ironwright.workflow.request import RunRequest

what, project, moment, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
listener = KillAt(moment, name) if moment != "never" else Moments()
if what == "run":
    request = RunRequest("Add add_two", project, agent="tidy", model="anthropic:claude-sonnet-5-5")
    report = run_task(request, listener)
else:
    report = resume_run(what, project, listener)
print(json.dumps({"report": report.as_json(), "moments": getattr(listener, "seen", [])}))
"""

TURNS = (
    Turn("I write it.", [ToolUse("write_file", {"path": "src/two.rs", "content": BAD})]),
    Turn(
        "I commit it, and append to a file so that doing it twice would show.",
        [
            ToolUse(
                "run_command",
                {"command": "echo line >> log.txt && git add --all && git commit --quiet -m 'Add add_two'"},
            )
        ],
    ),
    Turn("Done."),
    Turn("I document it.", [ToolUse("write_file", {"path": "src/two.rs", "content": GOOD})]),
    Turn("Repaired."),
)

STEPS = (
    "worktree",
    "attempt-1/model-1",
    "attempt-1/tool-1",
    "attempt-1/model-2",
    "attempt-1/tool-2",
    "attempt-1/model-3",
    "commit-1",
    "check-1",
    "repair-1/model-1",
    "repair-1/tool-1",
    "repair-1/model-2",
    "commit-2",
    "check-2",
    "deliver",
    "notes",
)
EVENTS = (
    "started",
    "attempt-1/attempt-started",
    "attempt-1/model-2/request",
    "attempt-1/tool-2/call",
    "attempt-1/attempt-ended",
    "ended",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = make_repository(tmp_path / "tiny")
    agents = made / ".claude" / "agents"
    agents.mkdir(parents=True)
    (agents / "tidy.md").write_text(AGENT.format(before=""))
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "-m", "Add the agent")
    return made


@pytest.fixture
def server(project: Path) -> Iterator[ScriptedServer]:
    with ScriptedServer(TURNS) as running:
        yield running
    for folder in ProjectPaths(project).runs.glob("*/recordings"):
        end_server(folder)


def environment(server: ScriptedServer) -> dict[str, str]:
    without_keys = {
        key: value
        for key, value in os.environ.items()
        if not key.endswith("_API_KEY") and not key.startswith(("ANTHROPIC_", "OPENAI_"))
    }
    return without_keys | {"ANTHROPIC_API_KEY": "test-key", "ANTHROPIC_BASE_URL": server.base_url}


def process(server: ScriptedServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def shape(events: tuple[Event, ...]) -> list[tuple[str, str]]:
    """The journal without what only an interruption adds."""
    return [
        (event.kind.value, event.step)
        for event in events
        if event.kind.value not in ("resumed", "interrupted")
    ]


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def expect_whole(project: Path, report: dict[str, Any], server: ScriptedServer) -> list[tuple[str, str]]:
    """What must hold of a run that was delivered, killed on the way or not."""
    assert report["outcome"] == "delivered", report["reason"]
    branch = report["branch"]
    assert git(project, "show", f"{branch}:log.txt") == "line"
    assert git(project, "show", f"{branch}:src/two.rs") + "\n" == GOOD
    assert [item["subject"] for item in report["commits"]] == ["Add add_two", "Add add_two"]
    assert git(project, "rev-parse", branch) == report["head"]
    assert git(project, "worktree", "list").count("\n") == 0
    assert len(server.requests) == len(TURNS)
    assert report["usage"]["requests"] == len(TURNS)
    events = read_journal(Path(report["journal"]))
    assert len({event.step for event in events}) == len(events)
    return shape(events)


def test_the_run_without_a_fault_has_the_steps_that_are_killed_below(
    project: Path, server: ScriptedServer
) -> None:
    done = answer(process(server, "run", str(project), "never", ""))
    expect_whole(project, done["report"], server)
    moments = [tuple(item) for item in done["moments"]]
    assert tuple(name for moment, name in moments if moment == "step_ended") == STEPS
    assert set(EVENTS) <= {name for moment, name in moments if moment == "event"}


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        *(("step_ended", name) for name in STEPS),
        *(("step_started", name) for name in ("worktree", "attempt-1/tool-2", "deliver")),
        *(("event", name) for name in EVENTS),
    ],
)
def test_a_run_that_is_killed_goes_on_as_if_it_had_not_been(
    project: Path, server: ScriptedServer, moment: str, name: str
) -> None:
    before = user_state(project)
    killed = process(server, "run", str(project), moment, name)
    assert killed.returncode == -signal.SIGKILL, killed.stderr + killed.stdout
    assert user_state(project) == before
    (folder,) = ProjectPaths(project).runs.glob("2*")
    done = answer(process(server, folder.name, str(project), "never", ""))
    steps = expect_whole(project, done["report"], server)
    assert user_state(project) == before
    # The same events as a run that nothing happened to; tools' results may come a little later or earlier.
    assert sorted(step for _, step in steps) == sorted(EXPECTED_EVENTS)


def test_an_answer_on_its_way_when_the_process_is_killed_is_not_paid_again(project: Path) -> None:
    slow = list(TURNS)
    slow[1] = Turn(TURNS[1].text, TURNS[1].calls, fault=Fault(delay=3.0))
    with ScriptedServer(slow) as server:
        running = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "run", str(project), "never", ""],
            env=environment(server),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = seconds() + 150
        while len(server.requests) < 2 and seconds() < deadline:
            time.sleep(0.02)
        running.kill()
        running.wait(timeout=10)
        assert len(server.answered) == 1
        (folder,) = ProjectPaths(project).runs.glob("2*")
        done = answer(process(server, folder.name, str(project), "never", ""))
        expect_whole(project, done["report"], server)
    assert not (folder / "recordings").exists()


EXPECTED_EVENTS = [
    "started",
    "routed",
    "worktree",
    "attempt-1/attempt-started",
    "attempt-1/model-1/request",
    "attempt-1/model-1/response",
    "attempt-1/tool-1/call",
    "attempt-1/tool-1/result",
    "attempt-1/model-2/request",
    "attempt-1/model-2/response",
    "attempt-1/tool-2/call",
    "attempt-1/tool-2/result",
    "attempt-1/model-3/request",
    "attempt-1/model-3/response",
    "attempt-1/attempt-ended",
    "commit-1",
    "check-1",
    "repair-1/attempt-started",
    "repair-1/model-1/request",
    "repair-1/model-1/response",
    "repair-1/tool-1/call",
    "repair-1/tool-1/result",
    "repair-1/model-2/request",
    "repair-1/model-2/response",
    "repair-1/attempt-ended",
    "commit-2",
    "check-2",
    "deliver",
    "ended",
]
