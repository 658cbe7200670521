"""Runs of the real engine with a recorded model, in each kind of sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.records.errors import SandboxError
from ironwright.records.journal import EventKind, read_journal
from ironwright.records.report import Outcome
from ironwright.workflow.launch import answer_run, run_task

from .conftest import git, user_state
from .test_run import GOOD, request, with_agent

COMMIT = "git status --short && git add --all && git commit --quiet -m 'Add add_two' && git log --oneline"
TURNS = [
    {
        "text": "I need to know.",
        "calls": [{"tool": "ask", "args": {"question": "Wrap or panic?", "assumption": "wrap"}}],
    },
    {
        "text": "I add it.",
        "calls": [{"tool": "write_file", "args": {"path": "src/two.rs", "content": GOOD}}],
    },
    {"text": "I commit it.", "calls": [{"tool": "run_command", "args": {"command": COMMIT}}]},
    {"text": "Done.", "calls": []},
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.json"
    path.write_text(json.dumps({"version": 1, "name": "asks", "turns": TURNS}))
    return path


@pytest.mark.parametrize("kind", ["bubblewrap", "landlock", "none"])
def test_the_agent_asks_writes_and_commits_in_every_sandbox(
    repository: Path, recording: Path, kind: str
) -> None:
    try:
        choose_sandbox(kind)  # type: ignore[arg-type]
    except SandboxError as error:
        pytest.skip(error.what)
    project = with_agent(repository, "")
    before = user_state(project)
    waiting = run_task(request(project, recording, sandbox=kind))
    assert waiting.outcome is Outcome.WAITING, waiting.reason
    assert user_state(project) == before
    done = answer_run(waiting.run_id, "Wrap.", project)
    assert done.outcome is Outcome.DELIVERED, (done.reason, done.notes)
    assert [subject for _, subject in done.commits] == ["Add add_two"]
    assert git(project, "show", "--stat", "--format=%an", done.branch).startswith("Ada Example")
    assert user_state(project) == before
    results = [
        event.data for event in read_journal(Path(done.journal)) if event.kind is EventKind.TOOL_RESULT
    ]
    assert [item.get("exit_code") for item in results] == [None, None, 0]


def test_nobody_to_ask_shows_the_assumption_first(repository: Path, recording: Path) -> None:
    project = with_agent(repository, "")
    done = run_task(request(project, recording, unattended=True))
    assert done.outcome is Outcome.DELIVERED, done.reason
    assert done.notes[0] == "assumed, as nobody was asked: wrap (question: Wrap or panic?)"
