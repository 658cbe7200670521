"""`ironwright run --explain`, and that what runs teach reaches the next decision."""

import json

import pytest
from small_repository import commit, git

from ironwright.host.git import open_repository
from ironwright.testing.scripted_model import ScriptedServer, ToolUse, Turn
from ironwright.workflow.change import project_of
from ironwright.workflow.outcome_store import AttemptOutcome, Outcomes, OutcomeStore

KEY = {"ANTHROPIC_API_KEY": "sk-test-secret", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
TASK = "Fix the overflow of twice in the Rust crate"
_AGENT = """\
---
name: rusty-{tier}
description: Implements features and fixes bugs in Rust
model: {model}
---

- Keep every file under 100 lines.
"""


@pytest.fixture
def project(crate):
    files = {
        f".claude/agents/rusty-{tier}.md": _AGENT.format(tier=tier, model=model)
        for tier, model in (("standard", "sonnet"), ("advanced", "opus"))
    }
    commit(crate, files, "Add agents")
    git(crate, "config", "user.name", "Test")
    git(crate, "config", "user.email", "test@localhost")
    return crate


def state(tmp_path):
    return {"IRONWRIGHT_STATE_HOME": str(tmp_path / "state")}


def explained(cli, project, tmp_path, *options):
    told = cli(
        "run", TASK, "--explain", "--format", "json", *options, cwd=project, env={**KEY, **state(tmp_path)}
    )
    assert told.code == 0, told.err
    return json.loads(told.out)


def outcomes(project, number, agent, model, verdict, dollars):
    made = AttemptOutcome(
        f"run-{number}", 1, project_of(open_repository(project)).key, "2026-11-01T00:00:00+00:00", "fix",
        "d" * 16, agent, model, 1, False, "finished", verdict, 4, 1000, 50, 0, 0, dollars, 2.0, "delivered",
    )  # fmt: skip
    return Outcomes((made,))


def test_explain_shows_the_numbers_and_starts_nothing(cli, project, tmp_path):
    before = git(project, "status", "--porcelain", "--ignored"), git(project, "branch")
    told = cli("run", TASK, "--explain", cwd=project, env={**KEY, **state(tmp_path)})
    assert told.code == 0, told.err
    assert "nothing was started" in told.out
    assert "rusty-standard" in told.out
    assert "rusty-advanced" in told.out
    assert "prior only" in told.out
    assert "a proved result is worth $20" in told.out
    assert (git(project, "status", "--porcelain", "--ignored"), git(project, "branch")) == before
    assert cli("runs", "list", cwd=project).out == ""


def test_what_was_measured_moves_the_start_and_a_pin_keeps_it(cli, project, tmp_path):
    first = explained(cli, project, tmp_path)
    assert first["agent"] == "rusty-standard"
    standard, advanced = (option["model"] for option in first["decision"]["options"])
    store = OutcomeStore(tmp_path / "state" / "outcomes.sqlite")
    for number in range(30):
        store.add(outcomes(project, f"s{number}", "rusty-standard", standard, "FAIL", 1.5))
        store.add(outcomes(project, f"a{number}", "rusty-advanced", advanced, "PASS", 0.4))
    later = explained(cli, project, tmp_path)
    assert later["agent"] == "rusty-advanced"
    assert later["decision"]["options"][1]["tries_seen"] == 30
    assert later["decision"]["ladder"]["rungs"][0]["choice"].startswith("rusty-advanced")
    pinned = explained(cli, project, tmp_path, "--agent", "rusty-standard")
    assert pinned["agent"] == "rusty-standard"
    assert "named by the user" in pinned["decision"]["reason"]


def test_a_store_that_cannot_be_read_is_told_and_the_prices_decide(cli, project, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "outcomes.sqlite").write_text("no database" * 999)
    found = explained(cli, project, tmp_path)
    assert found["agent"] == "rusty-standard"
    assert any("decided by list prices alone" in note for note in found["notes"])


def test_explain_refuses_what_a_run_would_refuse(cli, project, tmp_path):
    bare = tmp_path / "nowhere"
    bare.mkdir()
    told = cli("run", TASK, "--explain", cwd=bare, env=KEY)
    assert told.code == 2
    assert (
        "--explain has no Markdown"
        in cli("run", TASK, "--explain", "--format", "markdown", cwd=project, env=KEY).err
    )


@pytest.mark.slow
def test_a_run_is_kept_and_seen_by_the_next_decision(cli, project, tmp_path):
    long = ToolUse("write_file", {"path": "src/d.rs", "content": "//! D.\n" + "// x\n" * 120})
    short = ToolUse("write_file", {"path": "src/d.rs", "content": "//! D.\n"})
    script = [Turn("a", [long]), Turn("b"), Turn("c", [short]), Turn("d")]
    with ScriptedServer(script, "anthropic") as server:
        env = {**KEY, **state(tmp_path), "ANTHROPIC_BASE_URL": server.base_url}
        told = cli("run", TASK, "--agent", "rusty-standard", "--format", "json", cwd=project, env=env)
        assert told.code == 0, told.err
        run = json.loads(told.out)["run"]
        # As after a process that died between the run's end and what is learned from it.
        assert cli("stats", "--forget", "--yes", cwd=project, env=env).code == 0
        for _ in range(2):
            again = cli("runs", "resume", run, cwd=project, env=env)
            assert again.code == 0, again.err
    stats = json.loads(cli("stats", "--format", "json", cwd=project, env=state(tmp_path)).out)
    assert (stats["runs"], stats["delivered"], stats["turns"]) == (1, 1, 4)
    (choice,) = stats["choices"]
    assert (choice["tried"], choice["proved"]) == (1, 1)
    assert choice["dollars"] > 0
    (gate,) = [gate for gate in stats["gates"] if gate["gate"] == "oversized_files"]
    assert (gate["judged"], gate["failed"]) == (2, 1)
    found = explained(cli, project, tmp_path)
    assert found["decision"]["options"][0]["tries_seen"] == 1
    written = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("outcomes.sqlite*"))
    assert b"overflow" not in written
    assert b"src/d.rs" not in written
