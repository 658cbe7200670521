from __future__ import annotations

import asyncio
import http.server
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, ToolCallPart, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters

from ironwright.models.connect import connect
from ironwright.models.discover import discover
from ironwright.models.paid_once import end_server, paid_once
from ironwright.models.recorded import load_recording, parse_recording, play
from ironwright.models.resolve import resolve
from ironwright.models.steady import Patience
from ironwright.records.config import Config
from ironwright.records.errors import ModelError
from ironwright.testing.quiet_server import QuietServer
from ironwright.testing.scripted_model import Fault, ScriptedServer, ToolUse, Turn

QUICK = Patience(tries=3, first_wait=0.01, longest_wait=5)


class Heard:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.waits: list[float] = []

    def said(self, text: str) -> None:
        self.text.append(text)

    def waiting(self, reason: str, seconds: float) -> None:
        self.waits.append(seconds)


def ask(model: Model, history: list[Any] | None = None) -> ModelResponse:
    messages = [*(history or []), ModelRequest([UserPromptPart("go on")])]
    return asyncio.run(model.request(messages, None, ModelRequestParameters()))


def opened(server: ScriptedServer, word: str, listener: Heard | None = None, **keys: str) -> Model:
    environ = {
        "ANTHROPIC_API_KEY": "the-key",
        "ANTHROPIC_BASE_URL": server.url,
        "OPENAI_API_KEY": "the-key",
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "GOOGLE_API_KEY": "the-key",
        "GOOGLE_GEMINI_BASE_URL": server.url,
        "OLLAMA_HOST": server.url if server.protocol == "ollama" else "127.0.0.1:1",
        **keys,
    }
    resolved = resolve(word, None, Config(), environ=environ)
    return connect(resolved, environ=environ, patience=QUICK, listener=listener)


@pytest.mark.parametrize(
    ("protocol", "word"),
    [
        ("anthropic", "claude-sonnet-5-5"),
        ("openai-chat", "openai-chat:gpt-5.4"),
        ("openai-responses", "openai:gpt-5.4"),
        ("ollama", "ollama:scripted-1"),
        ("google", "google:gemini-3.8-flash"),
        ("bedrock", "bedrock:us.anthropic.claude-sonnet-5-5"),
    ],
)
def test_each_wire_carries_text_and_calls(protocol: Any, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = {"AWS_ACCESS_KEY_ID": "the-id", "AWS_SECRET_ACCESS_KEY": "the-key", "AWS_REGION": "us-east-1"}
    for name, value in aws.items():  # AWS's client reads the process's own environment
        monkeypatch.setenv(name, value)
    heard = Heard()
    with ScriptedServer([Turn("hello there", [ToolUse("look", {"at": 1})])], protocol) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
        response = ask(opened(server, word, heard, **aws))
    texts = [part.content for part in response.parts if isinstance(part, TextPart)]
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    assert texts == ["hello there"]
    assert "".join(heard.text) == "hello there"
    assert [(call.tool_name, call.args_as_dict()) for call in calls] == [("look", {"at": 1})]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (100, 20)
    (request,) = server.requests
    asked_for_a_stream = request.path.endswith((":streamGenerateContent", "/converse-stream"))
    assert asked_for_a_stream or request.json["stream"] is True


def test_keys_go_into_headers_only() -> None:
    with ScriptedServer([Turn("a"), Turn("b")]) as server:
        ask(opened(server, "claude-x"))
        assert server.requests[0].headers["authorization"] == "Bearer the-key"
        ask(opened(server, "claude-x", ANTHROPIC_API_KEY="", ANTHROPIC_AUTH_TOKEN="the-token"))
        assert server.requests[1].headers["authorization"] == "Bearer the-token"
        assert b"the-key" not in server.requests[0].body


def test_retry_after_is_honoured() -> None:
    heard = Heard()
    with ScriptedServer([Turn(fault=Fault(status=429, retry_after=1)), Turn("at last")]) as server:
        started = time.monotonic()
        ask(opened(server, "claude-x", heard))
    assert heard.waits == [1.0]
    assert time.monotonic() - started >= 1.0


def test_patience_ends() -> None:
    heard = Heard()
    with ScriptedServer(lambda request: Turn(fault=Fault(status=503))) as server:
        with pytest.raises(ModelError, match="answers with errors: HTTP 503") as caught:
            ask(opened(server, "claude-x", heard))
        assert len(server.requests) == QUICK.tries
    assert len(heard.waits) == QUICK.tries - 1
    assert "Resume the run" in caught.value.advice


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=429, retry_after=0.01), "refuses requests for load"),
        (Fault(status=500), "answers with errors"),
        (Fault(cut_after=2), "does not answer in full"),
        (Fault(garbage=True), "does not answer in full"),
    ],
)
def test_what_went_wrong_each_time_is_named(fault: Fault, said: str) -> None:
    with (
        ScriptedServer(lambda request: Turn("words", fault=fault)) as server,
        pytest.raises(ModelError, match=said),
    ):
        ask(opened(server, "claude-x"))


def test_nobody_behind_the_recording_process_is_said_so(tmp_path: Path) -> None:
    server = ScriptedServer([])
    server._server.server_close()
    environ = {"ANTHROPIC_API_KEY": "the-key", "ANTHROPIC_BASE_URL": server.url}
    resolved = resolve("claude-x", None, Config(), environ=environ)

    async def through() -> None:
        async with paid_once(tmp_path / "recordings") as transport:
            model = connect(resolved, environ=environ, transport=transport, patience=QUICK)
            await model.request([ModelRequest([UserPromptPart("go")])], None, ModelRequestParameters())

    with pytest.raises(ModelError, match="could not be reached") as caught:
        asyncio.run(through())
    end_server(tmp_path / "recordings")
    assert "HTTP" not in caught.value.what


def test_nobody_there_is_said_so() -> None:
    server = ScriptedServer([])
    model = opened(server, "claude-x")
    server._server.server_close()
    with pytest.raises(ModelError, match="could not be reached"):
        ask(model)


def test_an_echoed_key_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "scripted 401")
    with (
        ScriptedServer([Turn(fault=Fault(status=401))]) as server,
        pytest.raises(ModelError) as caught,
    ):
        ask(opened(server, "claude-x"))
    assert "scripted 401" not in str(caught.value)
    assert "$ANTHROPIC_API_KEY" in str(caught.value)


def test_a_key_that_is_gone_is_said_so() -> None:
    resolved = resolve("claude-x", None, Config(), environ={"ANTHROPIC_API_KEY": "k"})
    with pytest.raises(ModelError, match="not set any more"):
        connect(resolved, environ={})


class _Refuses(http.server.BaseHTTPRequestHandler):
    seen: list[str]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append(self.path)
        body = json.dumps(
            {
                "message": "no access",
                "error": {"code": 403, "message": "no access", "status": "PERMISSION_DENIED"},
            }
        )
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("x-amzn-ErrorType", "AccessDeniedException")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.mark.parametrize(
    ("word", "environ", "path"),
    [
        ("google:gemini-3.8-flash", {"GOOGLE_API_KEY": "k"}, "gemini-3.8-flash"),
        (
            "bedrock:us.anthropic.claude-sonnet-5-5",
            {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k", "AWS_REGION": "us-east-1"},
            "us.anthropic.claude-sonnet-5-5",
        ),
    ],
)
def test_google_and_bedrock_reach_their_address_and_errors_are_clear(
    word: str, environ: dict[str, str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():  # boto3 reads the process's own environment
        monkeypatch.setenv(name, value)
    seen: list[str] = []
    handler = type("Handler", (_Refuses,), {"seen": seen})
    with QuietServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        resolved = resolve(word, None, Config(), environ=environ, discovery=discover(Config(), environ))
        model = connect(resolved, environ=environ, base_url=url, patience=QUICK)
        with pytest.raises(ModelError, match="refused the key"):
            ask(model)
        server.shutdown()
    assert len(seen) == 1
    assert path in seen[0].replace("%3A", ":")


RECORDING = {
    "version": 1,
    "name": "demo",
    "turns": [
        {"text": "I look.", "calls": [{"tool": "read_file", "args": {"path": "a"}}]},
        {"text": "Done."},
    ],
}


def test_a_recording_plays_by_the_conversation(tmp_path: Path) -> None:
    path = tmp_path / "recording.json"
    path.write_text(json.dumps(RECORDING))
    recording = load_recording(path)
    assert (recording.resolved.label, recording.resolved.is_recording) == ("recording:demo", True)
    model = play(recording)
    first = ask(model)
    second = ask(model, [first])
    assert [type(part).__name__ for part in first.parts] == ["TextPart", "ToolCallPart"]
    assert second.text == "Done."
    assert first.provider_name == "recording"
    with pytest.raises(ModelError, match="ends after 2 answers"):
        ask(model, [first, second])
    with pytest.raises(ModelError, match="is a recording"):
        connect(recording.resolved)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "name": "x", "turns": [{"text": "a"}]}',
        '{"version": 1, "name": "x", "turns": []}',
        '{"version": 1, "name": "x", "turns": [{}]}',
        '{"version": 1, "name": "x", "turns": [{"text": "a", "calls": [{"tool": "x"}]}]}',
        '{"version": 1, "name": "x", "turns": [{"text": "a", "other": 1}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_recording_is_a_clear_error(text: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_recording(text, "demo.json")
    assert caught.value.where.startswith("demo.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["version", "name", "turns", "text", "calls", "tool", "args"]), inner
            )
        ),
        max_leaves=15,
    )
)
def test_any_json_is_a_recording_or_a_clear_error(data: Any) -> None:
    for value in (
        data,
        {"version": 1, "name": "x", "turns": data},
        {"version": 1, "name": "x", "turns": [data]},
    ):
        try:
            assert parse_recording(json.dumps(value), "r.json").turns
        except ModelError:
            continue
