"""kill -9 within a handoff and while a run goes up: nothing is lost, repeated, or paid twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ironwright.models.paid_once import end_server
from ironwright.records.journal import read_journal
from ironwright.records.paths import ProjectPaths
from ironwright.testing.scripted_model import ScriptedServer, ToolUse, Turn

from .conftest import git, make_repository, user_state
from .test_kill import SCRIPT, environment
from .test_run import BAD, GOOD

pytestmark = pytest.mark.slow

RULES = "- Every public function must have a doc comment.\n"
THREE = "//! Three.\n\n/// The third number after it.\npub fn third(n: i32) -> i32 {\n    n + 3\n}\n"
SMALL = SCRIPT.replace('agent="tidy", ', 'agent="crab-standard", repairs=1, ')


def write(path: str, text: str) -> ToolUse:
    return ToolUse("write_file", {"path": path, "content": text})


ASKED = {"agent": "third-hand", "finding": "A third is wanted.", "attempted": "", "question": "Write it."}
TURNS = (
    Turn("Mine, badly.", [write("src/two.rs", BAD)]),
    Turn("Yours.", [ToolUse("delegate", ASKED)]),
    Turn("I write it.", [write("src/three.rs", THREE)]),
    Turn("It is there."),
    Turn("All is there."),
    Turn("I see nothing to repair."),
    Turn("Mine, well.", [write("src/two.rs", GOOD)]),
    Turn("Done."),
)


def agent(name: str, text: str) -> str:
    return f"---\nname: {name}\ndescription: Changes crates.\n---\n{text}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = make_repository(tmp_path / "tiny")
    agents = made / ".claude" / "agents"
    agents.mkdir(parents=True)
    for name, text in {
        "crab-standard": f"{RULES}- Delegate to third-hand what concerns thirds.\n",
        "crab-advanced": "- Use this agent only after `crab-standard` was tried 2 times and failed.\n",
        "third-hand": RULES,
    }.items():
        (agents / f"{name}.md").write_text(agent(name, text))
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "-m", "Add the agents")
    return made


@pytest.fixture
def server(project: Path) -> Iterator[ScriptedServer]:
    with ScriptedServer(TURNS) as running:
        yield running
    for folder in ProjectPaths(project).runs.glob("*/recordings"):
        end_server(folder)


def process(server: ScriptedServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SMALL, *arguments],
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def expect_whole(done: subprocess.CompletedProcess[str], project: Path, server: ScriptedServer) -> None:
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)["report"]
    assert report["outcome"] == "delivered", (report["reason"], report["notes"])
    assert [item["agent"] for item in report["attempts"]] == ["crab-standard"] * 2 + ["crab-advanced"]
    (handoff,) = report["attempts"][0]["handoffs"]
    assert (handoff["agent"], handoff["outcome"]) == ("third-hand", "merged")
    assert len(server.requests) == len(TURNS)
    assert report["usage"]["requests"] == len(TURNS)
    assert git(project, "show", f"{report['branch']}:src/two.rs") + "\n" == GOOD
    assert git(project, "worktree", "list").count("\n") == 0
    assert git(project, "branch", "--list", "ironwright/*").split() == [report["branch"]]
    events = read_journal(Path(report["journal"]))
    assert len({event.step for event in events}) == len(events)
    kinds = [event.kind.value for event in events]
    assert (kinds.count("handed_off"), kinds.count("handed_back"), kinds.count("escalated")) == (1, 1, 1)


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        ("never", ""),
        *(
            ("step_ended", name)
            for name in (
                "handoff-1-plan",
                "handoff-1/worktree",
                "handoff-1/attempt-1/model-1",
                "handoff-1/attempt-1/tool-1",
                "handoff-1/check-1",
                "handoff-1-merge",
                "escalate-1",
                "attempt-2/model-1",
            )
        ),
        *(("event", name) for name in ("handoff-1/off", "handoff-1/back", "escalate-1")),
    ],
)
def test_a_run_that_is_killed_goes_on(project: Path, server: ScriptedServer, moment: str, name: str) -> None:
    before = user_state(project)
    first = process(server, "run", str(project), moment, name)
    if moment != "never":
        assert first.returncode == -signal.SIGKILL, first.stderr + first.stdout
        (folder,) = ProjectPaths(project).runs.glob("2*")
        first = process(server, folder.name, str(project), "never", "")
    expect_whole(first, project, server)
    assert user_state(project) == before
