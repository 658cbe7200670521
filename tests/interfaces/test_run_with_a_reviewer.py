"""`ironwright run` with a reviewer for what no gate checks, against a real HTTP server."""

from __future__ import annotations

import json

import pytest
from small_repository import commit, git

from ironwright.testing.scripted_model import Fault, ScriptedServer, ToolUse, Turn

pytestmark = pytest.mark.slow

_DEFINITION = """\
---
name: brief
description: Writes short Rust files
---

- Keep every file under 100 lines.
- Be kind to operators.
- Choose names that a newcomer understands.
"""
_SHORT = "//! Doubles numbers.\n\n/// Twice a number.\npub fn double(x: u32) -> u32 {\n    x << 1\n}\n"
_WORK = [
    Turn("Writing.", [ToolUse("write_file", {"path": "src/double.rs", "content": _SHORT})]),
    Turn("Done."),
]
_OPINIONS = [
    {"number": 1, "answer": "unclear", "why": "Nothing | an operator sees changed."},
    {"number": 2, "answer": "kept", "why": "src/double.rs:4 is called double."},
]


@pytest.fixture
def project(crate):
    settings = '[run]\nreviewer = "anthropic:claude-haiku-4-5"\n'
    commit(crate, {".claude/agents/brief.md": _DEFINITION, "ironwright.toml": settings}, "Add an agent")
    git(crate, "config", "user.name", "Test")
    git(crate, "config", "user.email", "test@localhost")
    return crate


def run(cli, project, server, *more):
    return cli(
        *("run", "Add double", "--agent", "brief", "--model", "anthropic:claude-sonnet-5-5", *more),
        cwd=project,
        env={"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.base_url},
    )


def test_opinions_stand_apart_from_verdicts_and_are_paid_for(cli, project):
    with ScriptedServer([*_WORK, Turn(json.dumps(_OPINIONS))]) as server:
        answer = run(cli, project, server, "--format", "json")
        asked = server.requests[-1].json
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)
    assert data["outcome"] == "delivered"
    assert [(item["clause"], item["answer"]) for item in data["opinions"]] == [
        ("Be kind to operators.", "unclear"),
        ("Choose names that a newcomer understands.", "kept"),
    ]
    assert data["usage"]["requests"] == 3
    assert asked["model"] == "claude-haiku-4-5"
    assert "+pub fn double" in json.dumps(asked)
    assert "Keep every file" not in json.dumps(asked["messages"])
    gates = {item["id"] for attempt in data["attempts"] for item in attempt["check"]["gates"]}
    assert "advice" not in str(gates)
    text = cli("runs", "show", data["run"], cwd=project).out
    assert "Opinions of anthropic:claude-haiku-4-5" in text
    report = next((project / ".ironwright").rglob("report.md")).read_text()
    assert "They are no verdicts" in report
    assert "Nothing \\| an operator" in report


def test_a_broken_obligation_in_a_reviewers_eyes_refuses_nothing(cli, project):
    broken = [{"number": 1, "answer": "broken", "why": "no"}, {"number": 2, "answer": "broken", "why": "no"}]
    with ScriptedServer([*_WORK, Turn(json.dumps(broken))]) as server:
        answer = run(cli, project, server, "--format", "json")
    assert answer.code == 0, answer.err
    assert [item["answer"] for item in json.loads(answer.out)["opinions"]] == ["broken", "broken"]


def test_a_reviewer_that_cannot_be_asked_costs_only_the_opinions(cli, project):
    with ScriptedServer([*_WORK, Turn(fault=Fault(status=401))]) as server:
        answer = run(cli, project, server, "--format", "json")
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)
    assert data["opinions"] == []
    assert any("could not be asked for its opinion" in note for note in data["notes"])


def test_a_run_without_requests_left_asks_no_reviewer(cli, project):
    with ScriptedServer(_WORK) as server:
        answer = run(cli, project, server, "--format", "json", "--max-turns", "2")
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)
    assert any("was not asked about what no gate checks" in note for note in data["notes"])
    assert data["usage"]["requests"] == 2
