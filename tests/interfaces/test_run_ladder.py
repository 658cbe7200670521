"""`ironwright run` up the ladder and through handoffs, against a real HTTP server."""

import json

import pytest
from small_repository import commit, git

from ironwright.testing.scripted_model import ScriptedServer, ToolUse, Turn

pytestmark = pytest.mark.slow

_RULE = "\n- Keep every file under 100 lines.\n"
_LONG = "//! Doubles numbers.\n" + "// filler\n" * 120
_LONGER = "//! Doubles numbers.\n" + "// filler\n" * 140
_SHORT = "//! Doubles numbers.\n\n/// Twice a number.\npub fn double(x: u32) -> u32 {\n    x << 1\n}\n"
_OTHER = "//! Halves numbers.\n\n/// Half a number.\npub fn half(x: u32) -> u32 {\n    x >> 1\n}\n"


def agent(name, model, text):
    return (
        f"---\nname: {name}\ndescription: Writes short Rust files. Nothing else.\nmodel: {model}\n---\n{text}"
    )


def write(content, path="src/double.rs"):
    return ToolUse("write_file", {"path": path, "content": content})


@pytest.fixture
def project(crate):
    commit(
        crate,
        {
            ".claude/agents/brief-standard.md": agent(
                "brief-standard", "haiku", f"{_RULE}- Delegate to half-writer what halves numbers.\n"
            ),
            ".claude/agents/brief-advanced.md": agent(
                "brief-advanced",
                "opus",
                "- Use this agent only after `brief-standard` was tried at least two times and failed.\n",
            ),
            ".claude/agents/half-writer.md": agent("half-writer", "sonnet", _RULE),
        },
        "Add agents",
    )
    git(crate, "config", "user.name", "Test")
    git(crate, "config", "user.email", "test@localhost")
    return crate


def run(cli, project, script, *options):
    with ScriptedServer(script, "anthropic") as server:
        env = {"ANTHROPIC_API_KEY": "sk-test-secret", "ANTHROPIC_BASE_URL": server.base_url}
        answer = cli(
            "run", "Add double", "--agent", "brief-standard", "--format", "json", *options,
            cwd=project, env=env,
        )  # fmt: skip
    return answer, [json.loads(request.body) for request in server.requests]


def test_two_failures_on_standard_and_success_on_advanced(cli, project):
    script = [
        Turn("First.", [write(_LONG)]), Turn("Done."),
        Turn("Second.", [write(_LONGER)]), Turn("Done again."),
        Turn("Mine.", [write(_SHORT)]), Turn("It is short now."),
    ]  # fmt: skip
    answer, bodies = run(cli, project, script, "--repairs", "1")
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)
    assert [item["agent"] for item in data["attempts"]] == ["brief-standard"] * 2 + ["brief-advanced"]
    models = [item["model"] for item in data["attempts"]]
    assert models[0] == models[1] != models[2]
    asked = [body["model"] for body in bodies]
    assert len(set(asked[:4])) == len(set(asked[4:])) == 1
    assert asked[0] != asked[4]
    fresh = json.dumps(bodies[4]["messages"])
    assert "What was tried before" in fresh
    assert "oversized_files" in fresh
    assert "First." not in fresh  # no transcript of the others
    assert git(project, "show", f"{data['branch']}:src/double.rs") == _SHORT.strip()


def test_an_early_escalation_is_refused_with_the_count(cli, project):
    answer = cli(
        "run", "Add double", "--agent", "brief-advanced",
        cwd=project, env={"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert answer.code == 2, answer.err
    assert "2 failed attempts of brief-standard" in answer.err
    assert "0 are recorded" in answer.err


def test_a_budget_ends_a_run_in_the_middle_of_an_attempt_and_keeps_everything(cli, project):
    script = [
        Turn(f"Turn {number}.", [write(_LONG, f"src/more{number}.rs")], input_tokens=200_000)
        for number in range(30)
    ]
    answer, bodies = run(cli, project, script, "--max-usd", "0.1")
    assert answer.code == 1, answer.err
    data = json.loads(answer.out)
    assert data["outcome"] == "refused"
    assert "all $0.1 are used" in data["reason"]
    assert 0 < len(bodies) < 30
    note = next(note for note in data["notes"] if "not delivered" in note)
    assert "src/more0.rs" in git(note.split(" is in ")[1], "status", "--porcelain", "-uall")


def test_a_delegated_part_is_merged_and_shown(cli, project):
    asks = {
        "agent": "half-writer", "finding": "Halving is wanted too.", "attempted": "Nothing yet.",
        "question": "Write src/half.rs.",
    }  # fmt: skip
    script = [
        Turn("Mine.", [write(_SHORT)]),
        Turn("Yours.", [ToolUse("delegate", asks)]),
        Turn("I do.", [write(_OTHER, "src/half.rs")]),
        Turn("Half is written."),
        Turn("Both are there."),
    ]
    answer, bodies = run(cli, project, script)
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)
    (handoff,) = data["attempts"][0]["handoffs"]
    assert (handoff["agent"], handoff["outcome"], handoff["files"]) == (
        "half-writer",
        "merged",
        ["src/half.rs"],
    )
    assert handoff["usage"]["requests"] == 2
    assert data["usage"]["requests"] == 5
    assert "Halving is wanted too." in json.dumps(bodies[2]["messages"])
    assert "Half is written." in json.dumps(bodies[4]["messages"])
    assert git(project, "show", f"{data['branch']}:src/half.rs") == _OTHER.strip()
    shown = cli("runs", "show", data["run"], cwd=project)
    assert "half-writer" in shown.out
    assert "merged" in shown.out


def test_every_model_gone_is_waited_for_and_told(cli, project):
    with ScriptedServer([Turn("First.", [write(_SHORT)])], "anthropic") as server:
        env = {"ANTHROPIC_API_KEY": "sk-test-secret", "ANTHROPIC_BASE_URL": server.base_url}
    answer = cli(
        "run", "Add double", "--agent", "brief-standard", "--format", "json", "--max-minutes", "0.2",
        cwd=project, env=env,
    )  # fmt: skip
    data = json.loads(answer.out)
    # The model is waited for until the run's time is over; nothing was paid and nothing is delivered.
    assert (answer.code, data["outcome"], data["head"]) == (3, "undecided", None), data["reason"]
    assert any("the attempt ended at a limit" in note for note in data["notes"])
    assert "asking again" in answer.err
    assert data["usage"]["requests"] == 0
