from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Any

import pytest
from attempt_bench import Bench
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.tools import ToolDefinition

from ironwright.records.journal import EventKind
from ironwright.session.attempt import AttemptResult, AttemptSpec, Stopped
from ironwright.session.journal import JournalWriter
from ironwright.session.native import work
from ironwright.session.text_protocol import DONE, Command, Unusable, parse
from ironwright.testing.scripted_model import Received, ScriptedServer, Turn


def tool(name: str, required: tuple[str, ...], **kinds: str) -> ToolDefinition:
    properties = {key: {"type": kind} for key, kind in kinds.items()}
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return ToolDefinition(name=name, parameters_json_schema=schema)


TOOLS = (
    tool("run_command", ("command",), command="string", timeout_seconds="number"),
    tool("edit_file", ("path", "old_text", "new_text"), path="string", old_text="string", new_text="string"),
    tool("write_file", ("path", "content"), path="string", content="string"),
    tool("read_file", ("path",), path="string", offset="integer"),
    tool("check", ()),
)


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("```run_command\ncargo test\n```", "run_command", {"command": "cargo test"}),
        ("I look first.\n\n```bash\nls\ncat a\n```\n", "run_command", {"command": "ls\ncat a"}),
        (
            "```run_command\ncommand: ls\ntimeout_seconds: 5\n```",
            "run_command",
            {"command": "ls", "timeout_seconds": 5},
        ),
        (
            "```read_file\npath: src/lib.rs\noffset: 10\n```",
            "read_file",
            {"path": "src/lib.rs", "offset": 10},
        ),
        ("```read_file\nsrc/lib.rs\n```", "read_file", {"path": "src/lib.rs"}),
        ('```read_file\n{"path": "a"}\n```', "read_file", {"path": "a"}),
        ("```check\n```", "check", {}),
        (
            "```edit_file\npath: a.rs\n<<<old_text\n  one\n>>>\n<<<new_text\n```rust\n\n>>>\n```",
            "edit_file",
            {"path": "a.rs", "old_text": "  one", "new_text": "```rust\n"},
        ),
        ("like this:\n```rust\nfn a() {}\n```\n```check\n```", "check", {}),
        ("<think>```bash\nrm -rf /\n```</think>\n```check\n```", "check", {}),
        ("````write_file\npath: a.md\ncontent: x\n````", "write_file", {"path": "a.md", "content": "x"}),
        ("```done\nAdded it.\n```", DONE, {"summary": "Added it."}),
    ],
)
def test_one_fenced_command_is_read(text: str, name: str, args: dict[str, Any]) -> None:
    assert parse(text, TOOLS) == Command(name, args)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no command"),
        ("I am done.", "no command"),
        ("```rust\nfn a() {}\n```", "no command"),
        ("```bash\nls\n```\n```bash\npwd\n```", "2 commands"),
        ("```run_command\ncargo te", "not closed"),
        ("```write_file\npath: a\n```", "needs content"),
        ("```write_file\npath: a\n<<<content\nx\n```", "not closed"),
        ("```write_file\nfile: a\n```", "'file: a' is no argument"),
        ("```write_file\npath: a\npath: b\n```", "given twice"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(text: str, reason: str) -> None:
    found = parse(text, TOOLS)
    assert isinstance(found, Unusable)
    assert reason in found.reason


@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                "```",
                "````",
                "~~~",
                "```bash",
                "```edit_file",
                "```done",
                "<<<old_text",
                ">>>",
                "path: a",
                "{",
                "<think>",
                "</think>",
                "x",
            ]
        )
    ).map("\n".join)
)
def test_any_answer_is_a_command_or_told_why_not(text: str) -> None:
    found = parse(text, TOOLS)
    if isinstance(found, Command):
        assert found.tool == DONE or found.tool in {item.name for item in TOOLS}
    else:
        assert found.reason


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))), min_size=1).map("\n".join)
)
def test_a_long_argument_arrives_exactly_as_it_was_written(content: str) -> None:
    lines = content.split("\n")
    if any(line.rstrip() == ">>>" for line in lines):
        return
    found = parse(f"```write_file\npath: a\n<<<content\n{content}\n>>>\n```", TOOLS)
    assert found == Command("write_file", {"path": "a", "content": content})


def textual(
    bench: Bench, script: Any, requests: list[Received] | None = None, **changes: Any
) -> AttemptResult:
    """An attempt with a model that is known not to call tools."""
    with ScriptedServer(script, "openai-chat") as server, JournalWriter(bench.journal) as journal:
        spec: AttemptSpec = bench.spec(server, journal, **changes)
        access = dataclasses.replace(spec.model, tools=False)
        result = asyncio.run(work(dataclasses.replace(spec, model=access)))
        if requests is not None:
            requests += server.requests
        return result


def test_a_model_without_tools_does_the_work(bench: Bench) -> None:
    requests: list[Received] = []
    script = [
        Turn("I write it.\n\n```write_file\npath: note.txt\n<<<content\nhello\n```\nthere\n>>>\n```"),
        Turn("```bash\nwc -l note.txt && touch made-by-command\n```"),
        Turn("```done\nWrote the note.\n```"),
    ]
    result = textual(bench, script, requests)
    assert (result.stopped, result.summary) == (Stopped.FINISHED, "Wrote the note.")
    assert bench.file("note.txt").read_text() == "hello\n```\nthere"
    assert bench.file("made-by-command").exists()
    calls = bench.events(EventKind.TOOL_CALL)
    assert [event.data["tool"] for event in calls] == ["write_file", "run_command"]
    asked = [event.data["calls"] for event in bench.events(EventKind.MODEL_RESPONSE)]
    assert asked == [["write_file"], ["run_command"], []]
    for request in requests:
        assert "tools" not in request.json
        assert {message["role"] for message in request.json["messages"]} <= {
            "system",
            "developer",
            "user",
            "assistant",
        }
    first = json.dumps(requests[0].json)
    assert "- `run_command`" in first
    last = requests[-1].json["messages"]
    assert "Result of `run_command`" in last[-1]["content"]
    assert last[-2]["content"].startswith("```bash")


def test_the_same_guards_hold(bench: Bench) -> None:
    requests: list[Received] = []
    script = [Turn("```bash\ncargo test | tail -3\n```"), Turn("```done\nnothing\n```")]
    textual(bench, script, requests)
    (refused,) = bench.events(EventKind.GUARD_REFUSED)
    assert refused.data["tool"] == "run_command"
    assert refused.data["reason"] in requests[1].json["messages"][-1]["content"]


def test_nonsense_is_answered_with_how_to_write_a_command(bench: Bench) -> None:
    requests: list[Received] = []
    script = [
        Turn("I would now run the tests."),
        Turn("```bash\nls\n```\n```bash\npwd\n```"),
        Turn("```done\nThat was all.\n```"),
    ]
    result = textual(bench, script, requests)
    assert result.summary == "That was all."
    assert "holds no command" in requests[1].json["messages"][-1]["content"]
    assert "```edit_file" in requests[1].json["messages"][-1]["content"]
    assert "2 commands" in requests[2].json["messages"][-1]["content"]
    assert bench.events(EventKind.TOOL_CALL) == []


def test_a_model_that_only_talks_ends_the_attempt_with_its_reason(bench: Bench) -> None:
    result = textual(bench, lambda request: Turn("Certainly!"))
    assert result.stopped is Stopped.ERROR
    assert result.error is not None
    assert "usable" in result.reason


def test_a_conversation_of_a_model_with_tools_goes_on_in_text(bench: Bench) -> None:
    from ironwright.testing.scripted_model import ToolUse

    first = bench.run(
        [Turn("", [ToolUse("run_command", {"command": "echo first"})]), Turn("Half of it is done.")],
    )
    requests: list[Received] = []
    bench.journal.unlink()
    textual(bench, [Turn("```done\nAll.\n```")], requests, history=first.messages, key="attempt-2")
    said = json.dumps(requests[0].json["messages"])
    assert "```run_command" in said
    assert "Result of `run_command`" in said


def test_a_window_that_is_too_small_is_refused_with_the_numbers(bench: Bench) -> None:
    with ScriptedServer([Turn("never")], "openai-chat") as server, JournalWriter(bench.journal) as journal:
        spec = bench.spec(server, journal)
        access = dataclasses.replace(spec.model, context=2048)
        result = asyncio.run(work(dataclasses.replace(spec, model=access)))
        assert server.requests == []
    assert result.stopped is Stopped.ERROR
    assert "a context window of 2,048 tokens" in result.reason
    assert "4,096 for an answer" in result.reason


def test_a_replayed_attempt_sends_the_same_bytes_and_repeats_nothing(bench: Bench) -> None:
    """A step that is known is not done again, and what follows it is asked as it was the first time."""
    script = [
        Turn("Let me think."),
        Turn("```bash\necho once >> log.txt\n```"),
        Turn("```done\nAll.\n```"),
    ]

    class Steps:
        def __init__(self, known: dict[str, Any]) -> None:
            self.known = known
            self.acted: list[str] = []

        async def __call__(self, name: str, action: Any) -> Any:
            if name not in self.known:
                self.known[name] = json.loads(json.dumps(await action()))
                self.acted.append(name)
            return self.known[name]

    first, second = Steps({}), Steps({})
    asked: list[Received] = []
    textual(bench, script, asked, step=first)
    second.known = {name: value for name, value in first.known.items() if not name.endswith("model-3")}
    again: list[Received] = []
    result = textual(bench, [script[2]], again, step=second)
    assert result.summary == "All."
    assert second.acted == ["attempt-1/model-3"]
    assert again[0].body == asked[2].body
    assert bench.file("log.txt").read_text() == "once\n"
