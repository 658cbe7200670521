"""Whole runs with Claude Code itself as the loop, against a real server, from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ironwright.models.paid_once import end_server
from ironwright.records.errors import ConfigError, ModelError, ToolError
from ironwright.records.journal import read_journal
from ironwright.records.paths import ProjectPaths
from ironwright.session.claude_code_place import program
from ironwright.testing.scripted_model import Received, ScriptedServer, ToolUse, Turn
from ironwright.workflow.launch import run_task
from ironwright.workflow.request import RunRequest

from .conftest import git, make_repository
from .test_run import AGENT, BAD, GOOD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def lent(tool: str, **args: Any) -> ToolUse:
    return ToolUse(f"mcp__ironwright__{tool}", args)


def call(tool: str, **args: Any) -> Turn:
    return Turn(calls=[lent(tool, **args)])


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    try:
        program()
    except ToolError as missing:
        pytest.skip(str(missing))
    made = make_repository(tmp_path / "tiny")
    agents = made / ".claude" / "agents"
    agents.mkdir(parents=True)
    (agents / "tidy.md").write_text(AGENT.format(before=""))
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "-m", "Add the agent")
    yield made
    for folder in ProjectPaths(made).runs.glob("*/recordings"):
        end_server(folder)


def start(server: ScriptedServer, *arguments: str) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANTHROPIC_")}
    environment |= {"ANTHROPIC_API_KEY": "test-key", "ANTHROPIC_BASE_URL": server.url}
    return subprocess.Popen(
        [sys.executable, "-m", "ironwright", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(server: ScriptedServer, project: Path, *options: str) -> subprocess.Popen[str]:
    asked = ("--model", "anthropic:claude-sonnet-5-5", "--agent", "tidy", "--repo", str(project))
    return start(
        server, "run", "Add add_two", *asked, "--engine", "claude-code", "--format", "json", *options
    )


def resume(server: ScriptedServer, project: Path) -> subprocess.Popen[str]:
    (folder,) = ProjectPaths(project).runs.glob("2*")
    return start(server, "runs", "resume", folder.name, "--repo", str(project), "--format", "json")


def report(process: subprocess.Popen[str], code: int) -> dict[str, Any]:
    out, error = process.communicate(timeout=120)
    assert process.returncode == code, out + error
    assert "Traceback" not in error
    data: dict[str, Any] = json.loads(out)
    return data.get("report", data)


def claude_processes(project: Path) -> list[int]:
    """Those that work on a run of a project."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (
                    str(project).encode() in (entry / "cmdline").read_bytes()
                    and (entry / "exe").readlink().name == program().name
                ):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def test_refused_by_a_guard_checked_repaired_and_delivered(project: Path) -> None:
    script = [
        call("write_file", path="src/two.rs", content=BAD),
        call("run_command", command="cargo test 2>&1 | tail -3"),
        call("check"),
        Turn("Done."),
        call("write_file", path="src/two.rs", content=GOOD),
        Turn("Repaired."),
    ]
    with ScriptedServer(script) as server:
        told = report(run(server, project), 0)
        requests = [request.body.decode() for request in server.requests]
    assert told["outcome"] == "delivered", told["reason"]
    assert git(project, "show", f"{told['branch']}:src/two.rs") + "\n" == GOOD
    assert told["usage"]["requests"] == len(script) == len(requests)
    assert told["usage"]["dollars"] > 0
    assert "Run cargo unfiltered" in requests[2]
    assert "undocumented_functions" in requests[3]
    assert "undocumented_functions" in requests[4]
    kinds = [event.kind.value for event in read_journal(Path(told["journal"]))]
    assert kinds.count("guard_refused") == 1
    assert kinds.count("attempt_started") == kinds.count("attempt_ended") == 2
    assert claude_processes(project) == []
    (folder,) = ProjectPaths(project).runs.glob("2*")
    assert not (folder / "claude-code").exists()


def test_a_limit_of_the_run_ends_it_with_a_report(project: Path) -> None:
    def forever(request: Received) -> Turn:
        return call("write_file", path="src/two.rs", content=BAD)

    with ScriptedServer(forever) as server:
        told = report(run(server, project, "--max-turns", "3"), 1)
        assert len(server.requests) == 3
    assert told["outcome"] == "refused"
    assert "all 3 model requests are used" in told["reason"]
    assert claude_processes(project) == []


SLOW = "echo line >> log.txt; git rev-parse HEAD > head.txt; touch started; sleep 100"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_what_was_cut_off_goes_on_in_the_same_conversation(project: Path, number: int) -> None:
    script = [
        Turn("I begin.", [lent("write_file", path="kept.txt", content="kept\n")]),
        call("run_command", command=SLOW),
        call("run_command", command="echo line >> log.txt; ls"),
        call("write_file", path="src/two.rs", content=GOOD),
        Turn("Done."),
    ]
    with ScriptedServer(script) as server:
        first = run(server, project)
        worktrees = ProjectPaths(project).worktrees
        until(lambda: list(worktrees.glob("*/started")) or list(worktrees.glob("*/*/started")))
        assert len(claude_processes(project)) == 1
        first.send_signal(number)
        first.communicate(timeout=60)
        assert first.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
        until(lambda: not claude_processes(project))
        told = report(resume(server, project), 0)
        requests = [request.body.decode() for request in server.requests]
    assert told["outcome"] == "delivered", told["reason"]
    branch = told["branch"]
    assert git(project, "show", f"{branch}:log.txt") == "line"
    assert git(project, "show", f"{branch}:kept.txt") == "kept"
    assert "started" not in git(project, "ls-tree", "--name-only", branch).split()
    assert len(requests) == told["usage"]["requests"] == len(script)
    assert "I begin." in requests[2]
    assert "The work was cut off" in requests[2]
    events = read_journal(Path(told["journal"]))
    calls = [event.data["number"] for event in events if event.kind.value == "tool_call"]
    assert calls == [1, 2, 3, 4]
    ends = {event.data["number"]: event for event in events if event.kind.value == "tool_result"}
    assert ends[2].data["outcome"] == "failed"
    assert ends[2].data["changed"] == []


def test_an_engine_that_cannot_work_is_refused_before_anything_is_made(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    request = RunRequest("Add add_two", project, agent="tidy", model="openai:gpt-5.4", engine="claude-code")
    with pytest.raises(ModelError, match="asks Anthropic's models"):
        run_task(request)
    recording = tmp_path / "recording.json"
    recording.write_text('{"version": 1, "name": "none", "turns": [{"text": "unused"}]}')
    with pytest.raises(ConfigError, match="native engine only"):
        run_task(RunRequest("x", project, agent="tidy", recording=recording, engine="claude-code"))
    (project / "ironwright.toml").write_text('[run]\nengine = "codex"\n')
    with pytest.raises(ConfigError, match="no engine 'codex'"):
        run_task(RunRequest("x", project, agent="tidy", recording=recording))
    assert not list(ProjectPaths(project).runs.glob("2*"))
