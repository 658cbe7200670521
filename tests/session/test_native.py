from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from attempt_bench import MODELS, Bench, call, git_trees, told

from ironwright.host.process import Completed
from ironwright.records.errors import ModelError, RunError, SandboxError
from ironwright.records.journal import EventKind
from ironwright.records.manifest import manifest_digest
from ironwright.session.attempt import AttemptLimits, Stopped
from ironwright.session.journal import JournalWriter
from ironwright.session.native import tools_of, work
from ironwright.testing.scripted_model import Fault, Received, ScriptedServer, ToolUse, Turn


@pytest.mark.parametrize("protocol", list(MODELS))
def test_an_agent_reads_writes_runs_and_checks(bench: Bench, protocol: str) -> None:
    checks: list[str] = []

    async def check() -> str:
        checks.append(bench.file("src/two.rs").read_text())
        return "every gate passes"

    requests: list[Received] = []
    result = bench.run(
        [
            call("read_file", path="src/lib.rs"),
            Turn("Now I write.", [ToolUse("write_file", {"path": "src/two.rs", "content": "//! Two.\n"})]),
            call("edit_file", path="src/lib.rs", old_text="    1\n", new_text="    2\n"),
            call("run_command", command="cargo check 2>&1 && cat src/lib.rs"),
            call("check"),
            Turn("I added two.rs."),
        ],
        protocol,
        requests,
        check=check,
        gates=("failing_tests: tests pass",),
    )
    assert (result.stopped, result.summary) == (Stopped.FINISHED, "I added two.rs.")
    assert checks == ["//! Two.\n"]
    assert "    2\n" in bench.file("src/lib.rs").read_text()
    assert result.usage.requests == 6
    assert result.usage.input_tokens == 600
    assert result.usage.dollars is not None
    assert result.usage.dollars > 0
    assert "pub fn one()" in told(requests[1])
    assert "Finished" in told(requests[4])
    assert "every gate passes" in told(requests[5])
    assert "- failing_tests: tests pass" in told(requests[0])
    assert "/w/repo" in told(requests[0])
    assert sorted(path.name for path in bench.worktree.iterdir()) == ["Cargo.lock", "Cargo.toml", "src"]


def test_everything_is_in_the_journal(bench: Bench) -> None:
    secret = "x" * 5000
    bench.run(
        [
            call("write_file", path="big.txt", content=secret),
            call("run_command", command="echo hello; exit 3"),
            Turn("done"),
        ],
        trees=git_trees(bench.worktree, bench.folder / "trees"),
    )
    kinds = [event.kind.value for event in bench.events()]
    turn = ["model_request", "model_response", "tool_call", "tool_result"]
    assert sorted(kinds) == sorted([*turn, *turn, "model_request", "model_response"])
    assert [kind for kind in kinds if kind.startswith("tool")] == ["tool_call", "tool_result"] * 2
    assert len({event.step for event in bench.events()}) == len(kinds)
    first, second = bench.events(EventKind.TOOL_RESULT)
    assert (first.data["tool"], first.data["outcome"], first.data["changed"]) == (
        "write_file",
        "done",
        ["big.txt"],
    )
    assert second.data["exit_code"] == 3
    assert second.data["command"] == "echo hello; exit 3"
    assert second.data["output_bytes"] == 6
    assert secret not in bench.journal.read_text()
    write, command = bench.events(EventKind.TOOL_CALL)
    assert write.data["args"]["content"]["bytes"] == 5000
    assert command.data["tree_before"] == first.data["tree_after"] != write.data["tree_before"]
    responses = bench.events(EventKind.MODEL_RESPONSE)
    assert responses[0].data["calls"] == ["write_file"]
    assert responses[0].data["usage"]["input_tokens"] == 100
    assert "key-of-a-test" not in bench.journal.read_text()


@pytest.mark.parametrize(
    ("turn", "rule", "words"),
    [
        (call("run_command", command="cargo test 2>&1 | tail -3"), "hidden_output", "unfiltered"),
        (call("run_command", command="cd src && cargo add serde"), "network", "plain command"),
        (
            call(
                "edit_file",
                path="Cargo.toml",
                old_text="[package]",
                new_text='[dependencies]\na = "1"\n[package]',
            ),
            "edited_dependencies",
            "cargo add",
        ),
        (call("write_file", path="Cargo.toml", content="[package"), "edited_dependencies", "not be valid"),
        (
            call("write_file", path="/w/repo/x/../Cargo.toml", content='[dependencies]\nb="1"'),
            "edited_dependencies",
            "b",
        ),
        (call("write_file", path=".ironwright/contracts/a.toml", content=""), "protected_file", "protected"),
        (call("write_file", path="link/a.toml", content=""), "protected_file", "protected"),
        (call("write_file", path="ci/deep/build.yml", content=""), "protected_file", "run.protected"),
        (call("write_file", path=".git/config", content=""), "protected_file", "git"),
        (call("edit_file", path="engineer.md", old_text="a", new_text="b"), "protected_file", "definition"),
    ],
)
def test_a_guard_refuses_before_anything_happens(bench: Bench, turn: Turn, rule: str, words: str) -> None:
    bench.file(".ironwright").mkdir()
    bench.file("link").symlink_to(".ironwright")
    before = {path: path.read_bytes() for path in bench.worktree.rglob("*") if path.is_file()}
    requests: list[Received] = []
    result = bench.run([turn, Turn("ok")], requests=requests, protected=("ci/**",))
    assert result.stopped is Stopped.FINISHED
    (refused,) = bench.events(EventKind.GUARD_REFUSED)
    assert refused.data["rule"] == rule
    assert words in refused.data["reason"]
    assert words in told(requests[1])
    assert not bench.events(EventKind.TOOL_RESULT)
    assert before == {path: path.read_bytes() for path in bench.worktree.rglob("*") if path.is_file()}


def test_other_edits_of_a_manifest_are_fine(bench: Bench) -> None:
    edit = call("edit_file", path="Cargo.toml", old_text='"2021"', new_text='"2021"\ndescription = "d"')
    bench.run([edit, Turn("ok")])
    assert 'description = "d"' in bench.file("Cargo.toml").read_text()


def test_a_dependency_command_is_recorded_with_the_manifests_before_and_after(bench: Bench) -> None:
    bench.file("dep/src").mkdir(parents=True)
    bench.file("dep/src/lib.rs").write_text("")
    bench.file("dep/Cargo.toml").write_text('[package]\nname = "dep"\nversion = "0.1.0"\nedition = "2021"\n')
    bench.run([call("run_command", command="cargo add --path dep"), Turn("ok")])
    (event,) = bench.events(EventKind.DEPENDENCY_COMMAND)
    assert event.data["argv"] == ["cargo", "add", "--path", "dep"]
    assert event.data["exit_code"] == 0
    after = bench.file("Cargo.toml").read_text()
    assert "dep = " in after
    assert event.data["after"]["Cargo.toml"] == manifest_digest(after)
    assert event.data["before"]["Cargo.toml"] != event.data["after"]["Cargo.toml"]
    assert event.data["before"]["dep/Cargo.toml"] == event.data["after"]["dep/Cargo.toml"]


def test_a_manifest_changed_by_a_shell_command_is_told_to_the_agent(bench: Bench) -> None:
    requests: list[Received] = []
    command = "printf '[dependencies]\\nserde = \"1\"\\n' >> Cargo.toml"
    bench.run(
        [call("run_command", command=command), call("read_file", path="src/lib.rs"), Turn("ok")],
        requests=requests,
        trees=git_trees(bench.worktree, bench.folder / "trees"),
    )
    assert "was changed by the command before" in told(requests[2])


def test_commands_have_neither_network_nor_secrets(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "very-secret-key")
    requests: list[Received] = []
    command = "env; exec 3<>/dev/tcp/127.0.0.1/1 || echo no network; ls /root /home 2>&1"
    bench.run([call("run_command", command=command), Turn("ok")], requests=requests)
    assert "no network" in told(requests[1])
    assert "very-secret-key" not in told(requests[1])


def test_a_planted_link_does_not_lead_out_of_the_worktree(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the-secret")
    bench.file("leak").symlink_to(tmp_path / "secret")
    bench.file("folder").symlink_to(tmp_path)
    requests: list[Received] = []
    bench.run(
        [
            call("read_file", path="leak"),
            call("write_file", path="leak", content="overwritten"),
            call("write_file", path="folder/planted", content="x"),
            Turn("ok"),
        ],
        requests=requests,
    )
    assert "the-secret" not in told(requests[-1])
    assert (tmp_path / "secret").read_text() == "the-secret"
    assert not (tmp_path / "planted").exists()


def test_long_output_keeps_its_beginning_and_its_end(bench: Bench) -> None:
    requests: list[Received] = []
    command = "echo the-beginning; seq 1 60000; echo the-end"
    bench.run([call("run_command", command=command), Turn("ok")], requests=requests)
    assert "the-beginning" in told(requests[1])
    assert "the-end" in told(requests[1])
    assert len(requests[1].body) < 70_000


def test_a_command_that_takes_too_long_is_ended(bench: Bench) -> None:
    requests: list[Received] = []
    started = time.monotonic()
    bench.run(
        [call("run_command", command="echo begun; sleep 60", timeout_seconds=0.5), Turn("ok")],
        requests=requests,
    )
    assert time.monotonic() - started < 20
    assert "timed out" in told(requests[1])
    assert "begun" in told(requests[1])
    (result,) = bench.events(EventKind.TOOL_RESULT)
    assert result.data["timed_out"] is True


def test_turns_are_limited(bench: Bench) -> None:
    result = bench.run(lambda request: call("run_command", command="true"), limits=AttemptLimits(max_turns=3))
    assert (result.stopped, result.reason) == (Stopped.LIMIT, "the limit of 3 turns was reached")
    assert len(bench.events(EventKind.MODEL_REQUEST)) == 3
    assert result.messages


def test_minutes_are_limited_and_nothing_is_left_running(bench: Bench) -> None:
    started = time.monotonic()
    result = bench.run(
        [call("run_command", command="touch begun; sleep 30; touch late")],
        limits=AttemptLimits(max_minutes=0.04),
    )
    assert (result.stopped, result.reason) == (Stopped.LIMIT, "the limit of 0.04 minutes was reached")
    assert time.monotonic() - started < 20
    assert bench.file("begun").exists()
    assert not bench.file("late").exists()


def test_dollars_are_limited(bench: Bench) -> None:
    dear = Turn(calls=[ToolUse("run_command", {"command": "true"})], input_tokens=400_000)
    result = bench.run([dear, dear, dear, dear, dear], limits=AttemptLimits(max_usd=1.0))
    assert (result.stopped, result.reason) == (Stopped.LIMIT, "the limit of $1 was reached")
    assert result.usage.requests == 2
    assert result.usage.dollars == pytest.approx(1.6, rel=0.01)


def test_no_dollars_left_asks_nothing(bench: Bench) -> None:
    result = bench.run([], limits=AttemptLimits(max_usd=0.0))
    assert (result.stopped, result.usage.requests) == (Stopped.LIMIT, 0)


def test_a_question_ends_the_attempt_and_its_answer_goes_on(bench: Bench) -> None:
    ask = Turn(
        calls=[
            ToolUse("write_file", {"path": "a.txt", "content": "a"}),
            ToolUse("ask", {"question": "Which unit?", "assumption": "seconds"}),
        ]
    )
    first = bench.run([ask])
    assert first.stopped is Stopped.ASKED
    (question,) = first.questions
    assert (question.question, question.assumed) == ("Which unit?", "seconds")
    assert bench.file("a.txt").exists()
    (event,) = bench.events(EventKind.QUESTION)
    assert event.data["question"] == "Which unit?"
    requests: list[Received] = []
    second = bench.run(
        [Turn("done")],
        requests=requests,
        key="attempt-1-answered",
        task="",
        history=first.messages,
        answers={question.id: "minutes"},
    )
    assert (second.stopped, second.summary) == (Stopped.FINISHED, "done")
    assert "Answer: minutes" in told(requests[0])
    assert "Add a function." in told(requests[0])


def test_unattended_the_assumption_is_taken(bench: Bench) -> None:
    requests: list[Received] = []
    ask = call("ask", question="Which unit?", assumption="seconds")
    result = bench.run([ask, Turn("done")], requests=requests, unattended=True)
    assert result.stopped is Stopped.FINISHED
    assert "Go on with your assumption" in told(requests[1])
    (event,) = bench.events(EventKind.QUESTION)
    assert event.data["unattended"] is True


def test_a_repair_goes_on_with_the_conversation(bench: Bench) -> None:
    first = bench.run([Turn("done")])
    requests: list[Received] = []
    bench.run(
        [Turn("repaired")],
        requests=requests,
        key="repair-1",
        task="",
        history=first.messages,
        findings="undocumented_functions: src/lib.rs:3 one",
    )
    messages = requests[0].json["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert "undocumented_functions" in json.dumps(messages[2])


def test_a_damaged_history_is_a_clear_error(bench: Bench) -> None:
    with pytest.raises(RunError, match="conversation cannot be read"):
        bench.run([Turn("x")], history=b"{nonsense")


@pytest.mark.parametrize("protocol", list(MODELS))
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, retry_after=0),
        Fault(status=500),
        Fault(status=529),
        Fault(cut_after=2),
        Fault(garbage=True),
    ],
    ids=["429", "500", "529", "cut", "garbage"],
)
def test_a_fault_that_passes_is_survived(bench: Bench, protocol: str, fault: Fault) -> None:
    requests: list[Received] = []
    result = bench.run([Turn("long enough to cut", fault=fault), Turn("fine")], protocol, requests)
    assert (result.stopped, result.summary, len(requests)) == (Stopped.FINISHED, "fine", 2)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(status=401), "refused the key"),
        (Fault(status=404), "does not know the model"),
        (Fault(status=400), "rejected the request"),
        (Fault(status=500), "answers with errors"),
        (Fault(status=429, retry_after=900), "refuses requests for load"),
    ],
)
def test_a_fault_that_lasts_ends_the_attempt_with_advice(bench: Bench, fault: Fault, words: str) -> None:
    result = bench.run(lambda request: Turn(fault=fault))
    assert result.stopped is Stopped.ERROR
    assert isinstance(result.error, ModelError)
    assert words in result.error.what
    assert result.error.advice
    assert "key-of-a-test" not in str(result.error)


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (call("no_such_tool"), "usable way: it called `no_such_tool` wrongly 6 times in a row"),
        (call("read_file", wrong="x"), "usable way: it called `read_file` wrongly 6 times"),
        (Turn(calls=[ToolUse("run_command", "{nonsense")]), "usable way: it called `run_command` wrongly"),
        (Turn(), "usable way: it said nothing 4 times in a row"),
    ],
    ids=["unknown-tool", "wrong-arguments", "no-json", "empty"],
)
def test_a_model_that_never_gets_it_right_ends_clearly(bench: Bench, turn: Turn, words: str) -> None:
    result = bench.run(lambda request: turn, "openai-chat", limits=AttemptLimits(max_turns=40))
    assert result.stopped is Stopped.ERROR
    assert words in result.reason


def test_one_mistake_is_forgiven(bench: Bench) -> None:
    result = bench.run([call("no_such_tool"), Turn(), call("read_file", wrong=1), Turn("there")])
    assert (result.stopped, result.summary) == (Stopped.FINISHED, "there")


class _BrokenSandbox:
    """Cannot be set up, as when bubblewrap was removed meanwhile."""

    name = "broken"
    moves_folders = True

    def run(self, job: object, **options: object) -> Completed:
        raise SandboxError("the sandbox could not be set up", advice="Install bubblewrap.")


def test_a_sandbox_that_breaks_ends_the_attempt_with_its_own_words(bench: Bench) -> None:
    bench.sandbox = _BrokenSandbox()
    result = bench.run([call("run_command", command="true"), Turn("never")])
    assert (result.stopped, result.reason) == (Stopped.ERROR, "the sandbox could not be set up")
    assert isinstance(result.error, SandboxError)


def test_cancelling_ends_the_running_command(bench: Bench) -> None:
    async def go() -> float:
        with (
            ScriptedServer([call("run_command", command="touch begun; sleep 30; touch late")]) as server,
            JournalWriter(bench.journal) as journal,
        ):
            task = asyncio.create_task(work(bench.spec(server, journal)))
            while not bench.file("begun").exists():
                await asyncio.sleep(0.02)
            started = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - started

    assert asyncio.run(go()) < 5
    assert not bench.file("late").exists()


def test_a_definition_without_a_shell_gets_none(bench: Bench) -> None:
    requests: list[Received] = []
    with (
        ScriptedServer([call("grep", pattern="one"), Turn("ok")]) as server,
        JournalWriter(bench.journal) as journal,
    ):
        spec = bench.spec(server, journal)
        spec = replace(spec, agent=replace(spec.agent, tools=("Read", "Grep")))
        result = asyncio.run(work(spec))
        requests += server.requests
    assert result.stopped is Stopped.FINISHED
    assert {tool["name"] for tool in requests[0].json["tools"]} == {"read_file", "grep", "ask"}
    assert "src/lib.rs:3" in told(requests[1])


@pytest.mark.parametrize(
    ("names", "files", "shell"),
    [
        (None, ("read_file", "write_file", "edit_file"), True),
        (("*",), ("read_file", "write_file", "edit_file"), True),
        (("Read", "Bash", "Grep", "Glob"), ("read_file",), True),
        (("Read", "Grep", "Glob", "LS"), ("read_file", "list_files", "grep"), False),
        (("Read", "Edit", "Write", "Bash(git:*)"), ("read_file", "write_file", "edit_file"), True),
        (("Task", "WebSearch"), (), False),
        ((), ("read_file", "write_file", "edit_file"), True),
    ],
)
def test_tools_follow_the_definition(
    names: tuple[str, ...] | None, files: tuple[str, ...], shell: bool
) -> None:
    assert tools_of(names) == (files, shell)


def test_what_is_added_to_a_definition_is_at_most_four_kilobytes(bench: Bench) -> None:
    gates = tuple(f"gate_number_{number}: what this gate refuses in one line" for number in range(15))
    requests: list[Received] = []

    async def check() -> str:
        return "ok"

    bench.run([Turn("ok")], requests=requests, gates=gates, check=check)
    body = requests[0].json
    added = len(json.dumps(body["tools"])) + len(json.dumps(body["system"])) - len("You are an engineer.")
    assert added <= 4096


def test_prompts_are_cached(bench: Bench) -> None:
    requests: list[Received] = []
    bench.run([call("read_file", path="src/lib.rs"), Turn("ok")], requests=requests)
    assert "cache_control" in requests[0].json["tools"][-1]
    assert "cache_control" in told(requests[1]).split('"messages"')[1]


def test_progress_says_what_is_done(bench: Bench) -> None:
    bench.run([call("run_command", command="true"), Turn("ok")])
    assert bench.progress[0].startswith("turn 1")
    assert "run_command true" in bench.progress


def test_listening_threads_do_not_pile_up(bench: Bench) -> None:
    bench.run([call("run_command", command="true"), Turn("ok")])
    before = threading.active_count()
    for number in range(3):
        bench.run([call("run_command", command="true"), Turn("ok")], key=f"attempt-{number + 2}")
    assert threading.active_count() <= before + 2
