"""`ironwright run` against real HTTP servers that speak the providers' protocols."""

import json

import pytest
from small_repository import commit, git

from ironwright.testing.scripted_model import ScriptedServer, ToolUse, Turn

pytestmark = pytest.mark.slow

# A contract that trees alone decide keeps these runs short; the demonstration runs cargo.
_DEFINITION = """\
---
name: brief
description: Writes short Rust files
---

- Keep every file under 100 lines.
"""
_LONG = "//! Doubles numbers.\n" + "// filler\n" * 120
_SHORT = "//! Doubles numbers.\n\n/// Twice a number.\npub fn double(x: u32) -> u32 {\n    x << 1\n}\n"


def write(path, content):
    return ToolUse("write_file", {"path": path, "content": content})


@pytest.fixture
def project(crate):
    commit(crate, {".claude/agents/brief.md": _DEFINITION}, "Add an agent")
    git(crate, "config", "user.name", "Test")
    git(crate, "config", "user.email", "test@localhost")
    return crate


def keys(protocol, server):
    if protocol == "anthropic":
        return {"ANTHROPIC_API_KEY": "sk-test-secret", "ANTHROPIC_BASE_URL": server.base_url}
    return {"OPENAI_API_KEY": "sk-test-secret", "OPENAI_BASE_URL": server.base_url}


MODELS = {"anthropic": "anthropic:claude-sonnet-5-5", "openai-chat": "openai-chat:gpt-6.1-sol"}


@pytest.mark.parametrize("protocol", list(MODELS))
def test_a_refused_attempt_is_repaired_and_delivered(cli, project, protocol):
    script = [
        Turn("First draft.", [write("src/double.rs", _LONG)]),
        Turn("Done."),
        Turn("Shorter now.", [write("src/double.rs", _SHORT)]),
        Turn("Repaired."),
    ]
    before = git(project, "status", "--porcelain"), git(project, "rev-parse", "main")
    with ScriptedServer(script, protocol) as server:
        answer = cli(
            "run", "Add double", "--agent", "brief", "--model", MODELS[protocol], "--format", "json",
            cwd=project, env=keys(protocol, server),
        )  # fmt: skip
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)
    assert data["outcome"] == "delivered"
    first, second = (attempt["check"]["verdict"] for attempt in data["attempts"])
    assert (first, second) == ("FAIL", "PASS")
    assert data["usage"]["requests"] == 4
    assert data["usage"]["dollars"] > 0
    assert git(project, "show", f"{data['branch']}:src/double.rs") == _SHORT.strip()
    assert (git(project, "status", "--porcelain"), git(project, "rev-parse", "main")) == before
    written = b"".join(p.read_bytes() for p in (project / ".ironwright").rglob("*") if p.is_file())
    assert b"sk-test-secret" not in written
    assert "sk-test-secret" not in answer.out + answer.err


def test_a_question_waits_for_its_answer(cli, project):
    script = [
        Turn("Unclear.", [ToolUse("ask", {"question": "Saturate or wrap?", "assumption": "saturate"})]),
        Turn("Then so.", [write("src/double.rs", _SHORT)]),
        Turn("Done."),
    ]
    with ScriptedServer(script, "anthropic") as server:
        env = keys("anthropic", server)
        waiting = cli("run", "Add double", "--agent", "brief", "--format", "json", cwd=project, env=env)
        assert waiting.code == 3, waiting.err
        data = json.loads(waiting.out)
        assert data["outcome"] == "waiting"
        assert data["questions"][0]["question"] == "Saturate or wrap?"
        assert f"runs answer {data['run']}" in waiting.err
        assert "waiting" in cli("runs", "list", cwd=project).out
        done = cli("runs", "answer", data["run"], "Saturate.", "--format", "json", cwd=project, env=env)
    assert done.code == 0, done.err
    assert json.loads(done.out)["outcome"] == "delivered"
    assert b"Saturate." in server.requests[-1].body


def test_what_stays_refused_is_exit_code_1_and_delivers_nothing(cli, project):
    script = [Turn("Draft.", [write("src/double.rs", _LONG)]), Turn("Done."), Turn("I see nothing wrong.")]
    with ScriptedServer(script, "anthropic") as server:
        answer = cli(
            "run",
            "Add double",
            "--agent",
            "brief",
            "--repairs",
            "1",
            cwd=project,
            env=keys("anthropic", server),
        )
    assert answer.code == 1, answer.err
    assert "REFUSED" in answer.out
    assert "nothing delivered" in answer.out
    assert "oversized_files" in answer.out


def test_a_model_that_only_fails_is_3_and_the_run_can_be_resumed(cli, project):
    with ScriptedServer([], "anthropic") as server:
        answer = cli("run", "Add double", "--agent", "brief", cwd=project, env=keys("anthropic", server))
    assert answer.code == 3, answer.out
    assert "FAILED" in answer.out
    assert "runs resume" in answer.err
