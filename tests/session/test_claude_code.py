from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from attempt_bench import Bench, git_trees, told

from ironwright.host.watchdog import descendants
from ironwright.records.errors import ModelError, RunError, ToolError
from ironwright.records.journal import EventKind
from ironwright.session.attempt import AttemptLimits, AttemptResult, Partners, Stopped
from ironwright.session.claude_code import work
from ironwright.session.claude_code_place import program
from ironwright.session.journal import JournalWriter
from ironwright.testing.scripted_model import Fault, Received, ScriptedServer, ToolUse, Turn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def lent(tool: str, **args: Any) -> ToolUse:
    return ToolUse(f"mcp__ironwright__{tool}", args)


def call(tool: str, **args: Any) -> Turn:
    return Turn(calls=[lent(tool, **args)])


@dataclass
class Desk:
    """A bench on which Claude Code itself works."""

    bench: Bench
    monkeypatch: pytest.MonkeyPatch

    def run(
        self,
        script: Sequence[Turn] | Callable[[Received], Turn],
        requests: list[Received] | None = None,
        journal: Path | None = None,
        **changes: Any,
    ) -> AttemptResult:
        with (
            ScriptedServer(script, "anthropic") as server,
            JournalWriter(journal or self.bench.journal) as writer,
        ):
            self.point_at(server)
            result = asyncio.run(work(self.bench.spec(server, writer, **changes)))
            if requests is not None:
                requests += server.requests
        return result

    def point_at(self, server: ScriptedServer) -> None:
        self.monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-a-test")
        self.monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        self.monkeypatch.setenv("CLAUDE_CODE_MAX_RETRIES", "0")
        self.monkeypatch.setenv("OPENAI_API_KEY", "nobody-elses-business")

    @property
    def leftovers(self) -> list[Path]:
        return list(self.bench.folder.rglob("claude-code/*"))


@pytest.fixture
def desk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Desk:
    try:
        program()
    except ToolError as missing:
        pytest.skip(str(missing))
    return Desk(bench, monkeypatch)


def nothing_runs() -> bool:
    """Whether no process of ours is Claude Code."""
    for process in descendants(os.getpid())[1:]:
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"claude"):
            return False
    return True


def test_claude_code_works_with_our_tools_under_our_guards(desk: Desk) -> None:
    bench = desk.bench
    checks: list[str] = []

    async def check() -> str:
        checks.append(bench.file("src/two.rs").read_text())
        return "every gate passes"

    requests: list[Received] = []
    result = desk.run(
        [
            Turn("I write.", [lent("write_file", path="src/two.rs", content="//! Two.\n")]),
            call("run_command", command="cargo check 2>&1 | tail -1"),
            call("run_command", command="cargo check && ls /w/repo/src && id -u"),
            call("check"),
            Turn("I added two.rs."),
        ],
        requests,
        check=check,
        trees=git_trees(bench.worktree, bench.folder / "trees"),
        gates=("failing_tests: tests pass",),
    )
    assert (result.stopped, result.summary, result.reason) == (Stopped.FINISHED, "I added two.rs.", "")
    assert checks == ["//! Two.\n"]
    assert (result.usage.requests, result.usage.input_tokens, result.usage.output_tokens) == (5, 500, 100)
    assert result.usage.dollars is not None
    assert result.usage.dollars > 0
    assert "You are an engineer." in told(requests[0])
    assert "failing_tests: tests pass" in told(requests[0])
    assert "/w/repo" in told(requests[0])
    assert {item["name"].removeprefix("mcp__ironwright__") for item in requests[0].json["tools"]} == {
        "read_file",
        "write_file",
        "edit_file",
        "run_command",
        "ask",
        "check",
    }
    assert "Run cargo unfiltered" in told(requests[2])
    assert "two.rs" in told(requests[3])
    assert "every gate passes" in told(requests[4])
    assert nothing_runs()
    assert not desk.leftovers


def test_the_journal_is_that_of_the_native_engine(desk: Desk) -> None:
    bench = desk.bench
    desk.run(
        [
            call("write_file", path="a.txt", content="x" * 5000),
            call("run_command", command="cargo test | tail"),
            call("run_command", command="echo hello; exit 3"),
            Turn("done"),
        ],
        trees=git_trees(bench.worktree, bench.folder / "trees"),
    )
    kinds = [event.kind.value for event in bench.events()]
    assert [kind for kind in kinds if not kind.startswith("model")] == [
        "tool_call",
        "tool_result",
        "tool_call",
        "guard_refused",
        "tool_call",
        "tool_result",
    ]
    assert kinds.count("model_request") == kinds.count("model_response") == 4
    answers = [event.data for event in bench.events(EventKind.MODEL_RESPONSE)]
    assert [item["calls"] for item in answers] == [["write_file"], ["run_command"], ["run_command"], []]
    assert (answers[3]["text"], answers[3]["finish"]) == (4, "end_turn")
    calls = bench.events(EventKind.TOOL_CALL)
    assert [event.data["number"] for event in calls] == [1, 2, 3]
    assert calls[0].data["call"] == "call_0_0"
    assert bench.events(EventKind.GUARD_REFUSED)[0].data["rule"] == "hidden_output"
    wrote, ran = bench.events(EventKind.TOOL_RESULT)
    assert (wrote.data["outcome"], wrote.data["changed"]) == ("done", ["a.txt"])
    assert (ran.data["command"], ran.data["exit_code"]) == ("echo hello; exit 3", 3)


def test_its_own_tools_and_our_environment_are_out_of_reach(desk: Desk) -> None:
    requests: list[Received] = []
    outside = desk.bench.folder / "outside.txt"
    result = desk.run(
        [
            Turn(calls=[ToolUse("Bash", {"command": f"touch {outside}"})]),
            Turn(calls=[ToolUse("Write", {"file_path": str(outside), "content": "x"})]),
            call("run_command", command="env; cat /proc/1/environ"),
            Turn("done"),
        ],
        requests,
        task=f"Look at @{desk.bench.worktree}/src/lib.rs and run /help.",
    )
    assert result.stopped is Stopped.FINISHED
    assert not outside.exists()
    assert "nobody-elses-business" not in "".join(map(told, requests))
    assert "key-of-a-test" not in "".join(map(told, requests))
    assert "pub fn one()" not in told(requests[0])
    assert "run /help." in told(requests[0])


def test_a_long_result_reaches_the_agent_whole(desk: Desk) -> None:
    requests: list[Received] = []
    desk.run(
        [call("run_command", command="seq 1 8000; echo END-OF-IT"), Turn("done")],
        requests,
    )
    assert "END-OF-IT" in told(requests[1])
    assert "persisted-output" not in told(requests[1])


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (AttemptLimits(max_turns=2), "the limit of 2 turns was reached"),
        (AttemptLimits(max_usd=0.000001), "the limit of $1e-06 was reached"),
    ],
)
def test_a_limit_ends_it_and_keeps_what_was_done(desk: Desk, limits: AttemptLimits, reason: str) -> None:
    counted: list[Received] = []
    result = desk.run(
        lambda request: (
            counted.append(request) or call("write_file", path=f"{len(counted)}.txt", content="x")
        ),
        limits=limits,
    )
    assert (result.stopped, result.reason) == (Stopped.LIMIT, reason)
    assert len(counted) == result.usage.requests == (limits.max_turns or 1)
    assert desk.bench.file(f"{len(counted)}.txt").exists()
    assert nothing_runs()


def test_minutes_end_a_command_and_claude_code(desk: Desk) -> None:
    result = desk.run(
        [call("run_command", command="sleep 60"), Turn("done")],
        limits=AttemptLimits(max_minutes=0.1),
    )
    assert (result.stopped, result.reason) == (Stopped.LIMIT, "the limit of 0.1 minutes was reached")
    assert result.seconds < 20
    assert nothing_runs()


def test_findings_are_handed_back_in_the_same_conversation(desk: Desk) -> None:
    first = desk.run([call("write_file", path="a.txt", content="1"), Turn("The first words.")])
    requests: list[Received] = []
    second = desk.run(
        [call("write_file", path="a.txt", content="2"), Turn("Repaired.")],
        requests,
        key="repair-1",
        task="Repair it.",
        findings="failing_tests: one failed",
        history=first.messages,
    )
    assert (second.stopped, second.summary, second.usage.requests) == (Stopped.FINISHED, "Repaired.", 2)
    assert "The first words." in told(requests[0])
    assert "failing_tests: one failed" in told(requests[0])
    assert desk.bench.file("a.txt").read_text() == "2"


def test_a_question_stops_it_and_its_answer_goes_on(desk: Desk) -> None:
    asked = desk.run([call("ask", question="Which name?", assumption="two"), Turn("never said")])
    assert asked.stopped is Stopped.ASKED
    (question,) = asked.questions
    assert (question.question, question.assumed) == ("Which name?", "two")
    requests: list[Received] = []
    done = desk.run(
        [Turn("I used three.")],
        requests,
        key="attempt-1-answered-1",
        task="",
        history=asked.messages,
        answers={question.id: "three"},
    )
    assert (done.stopped, done.summary) == (Stopped.FINISHED, "I used three.")
    assert "Answer: three" in told(requests[0])
    assert "Which name?" in told(requests[0])


def test_a_handoff_stops_it_and_what_came_of_it_goes_on(desk: Desk) -> None:
    partners = Partners({"tester": "writes tests"}, lambda name: "")
    handed = desk.run(
        [
            call("delegate", agent="tester", finding="it is flaky", attempted="nothing", question="why?"),
            Turn("never said"),
        ],
        partners=partners,
    )
    assert handed.stopped is Stopped.HANDED_OFF
    (handoff,) = handed.handoffs
    assert (handoff.agent, handoff.finding, handoff.question) == ("tester", "it is flaky", "why?")
    requests: list[Received] = []
    done = desk.run(
        [Turn("It was the clock.")],
        requests,
        key="attempt-1-answered-1",
        task="",
        partners=partners,
        history=handed.messages,
        handed_back={handoff.id: "tester says: the clock"},
    )
    assert (done.stopped, done.summary) == (Stopped.FINISHED, "It was the clock.")
    assert "tester says: the clock" in told(requests[0])


def test_a_refusing_provider_is_a_clear_error(desk: Desk) -> None:
    result = desk.run([Turn(fault=Fault(status=401))])
    assert result.stopped is Stopped.ERROR
    assert isinstance(result.error, ModelError)
    assert "401" in result.error.what
    assert nothing_runs()


def test_a_model_of_another_provider_is_refused(desk: Desk) -> None:
    with ScriptedServer([], "openai-chat") as server, JournalWriter(desk.bench.journal) as journal:
        spec = desk.bench.spec(server, journal)
        result = asyncio.run(work(spec))
    assert result.stopped is Stopped.ERROR
    assert "asks Anthropic's models" in result.reason


def test_a_conversation_of_another_engine_is_an_error(desk: Desk) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        desk.run([Turn("x")], history=b"[]")


def test_a_cancelled_attempt_leaves_no_process(desk: Desk) -> None:
    bench = desk.bench
    mark = bench.worktree / "started"

    async def cancelled(server: ScriptedServer, journal: JournalWriter) -> None:
        task = asyncio.create_task(work(bench.spec(server, journal)))
        while not mark.exists():
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    script = [call("run_command", command="touch started; sleep 300"), Turn("done")]
    with ScriptedServer(script, "anthropic") as server, JournalWriter(bench.journal) as journal:
        desk.point_at(server)
        started = time.monotonic()
        asyncio.run(cancelled(server, journal))
    assert time.monotonic() - started < 30
    assert nothing_runs()
