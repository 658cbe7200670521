"""What happens when providers refuse, fail, hang or cut: over real HTTP, through the providers' clients."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_ai.messages import ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters

from ironwright.models.chain import Chain, chain_from, connect_chain
from ironwright.models.connect import connect
from ironwright.models.discover import Discovery, Found, discover
from ironwright.models.paid_once import current_step, end_server, paid_once
from ironwright.models.provider_limits import ProviderLimits, limits_of
from ironwright.models.providers import LOCAL, PROVIDERS
from ironwright.models.resolve import resolve
from ironwright.models.served import Served
from ironwright.models.steady import ModelGoneError, Patience
from ironwright.models.whole_stream import is_whole
from ironwright.records.answered import ANSWERED_BY
from ironwright.records.config import Config, ModelsConfig
from ironwright.records.errors import ModelError
from ironwright.testing.quiet_server import QuietServer
from ironwright.testing.scripted_model import Fault, ScriptedServer, Turn

QUICK = Patience(tries=2, first_wait=0.01, longest_wait=2)


class Heard:
    def __init__(self) -> None:
        self.waits: list[float] = []
        self.switches: list[tuple[str, str]] = []

    def said(self, text: str) -> None:
        pass

    def waiting(self, reason: str, seconds: float) -> None:
        self.waits.append(seconds)

    def switching(self, reason: str, label: str) -> None:
        self.switches.append((reason, label))


async def request(model: Model) -> ModelResponse:
    return await model.request([ModelRequest([UserPromptPart("go")])], None, ModelRequestParameters())


def ask(model: Model) -> ModelResponse:
    return asyncio.run(request(model))


def keys(first: ScriptedServer, second: ScriptedServer) -> dict[str, str]:
    return {
        "ANTHROPIC_API_KEY": f"key of {first.url}",  # each test has an account of its own
        "ANTHROPIC_BASE_URL": first.url,
        "OPENAI_API_KEY": f"key of {second.url}",
        "OPENAI_BASE_URL": f"{second.url}/v1",
        "OLLAMA_HOST": "127.0.0.1:1",
    }


def chained(first: ScriptedServer, second: ScriptedServer, heard: Heard, **settings: Any) -> Model:
    environ = keys(first, second)
    config = Config(models=ModelsConfig(fallback=("openai",), **settings))
    found = discover(config, environ)
    chain = chain_from(resolve("sonnet", None, config, discovery=found), config, discovery=found)
    return connect_chain(chain, config, environ=environ, listener=heard, patience=QUICK)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, retry_after=30),
        Fault(status=500),
        Fault(status=503),
        Fault(status=529),
        Fault(status=401),
        Fault(status=404),
        Fault(cut_after=2),
        Fault(garbage=True),
    ],
)
def test_another_provider_goes_on(fault: Fault) -> None:
    heard = Heard()
    failing = ScriptedServer(lambda request: Turn("words", fault=fault), "anthropic")
    with failing as first, ScriptedServer([Turn("second"), Turn("second")], "openai-responses") as second:
        model = chained(first, second, heard)

        async def twice() -> tuple[ModelResponse, int]:
            answer = await request(model)
            asked = len(first.requests)
            await request(model)
            return answer, asked

        answer, asked = asyncio.run(twice())
        assert answer.text == "second"
        assert answer.metadata is not None
        assert answer.metadata[ANSWERED_BY] == f"openai:{PROVIDERS['openai'].roles['sonnet']}"
        assert len(first.requests) == asked, "who could not be had is left alone for a while"
    assert len(heard.switches) == 1


def test_the_first_is_preferred_while_it_can_be_had() -> None:
    heard = Heard()
    script = [Turn(fault=Fault(status=503)), Turn("first")]
    with ScriptedServer(script) as first, ScriptedServer([], "openai-responses") as second:
        answer = ask(chained(first, second, heard))
    assert answer.text == "first"
    assert ANSWERED_BY not in (answer.metadata or {})
    assert (len(heard.waits), heard.switches) == (1, [])


def test_a_request_that_is_refused_as_such_is_not_taken_elsewhere() -> None:
    heard = Heard()
    refusing = ScriptedServer(lambda request: Turn(fault=Fault(status=400)))
    with refusing as first, ScriptedServer([Turn("x")], "openai-responses") as second:
        with pytest.raises(ModelError, match="rejected the request"):
            ask(chained(first, second, heard))
        assert second.requests == []


def test_every_model_gone_names_each_with_its_reason() -> None:
    heard = Heard()
    one = ScriptedServer(lambda request: Turn(fault=Fault(status=500)))
    two = ScriptedServer(lambda request: Turn(fault=Fault(status=401)), "openai-responses")
    with one as first, two as second, pytest.raises(ModelGoneError) as caught:
        ask(chained(first, second, heard))
    assert "no model can be had" in caught.value.what
    assert "answers with errors" in caught.value.what
    assert "refused the key" in caught.value.what
    assert "Resume the run" in caught.value.advice


def test_a_server_that_hangs_is_left_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ironwright.models.connect.SILENCE_SECONDS", 0.3)
    heard = Heard()
    hanging = ScriptedServer(lambda request: Turn("late", fault=Fault(delay=1.5)))
    with hanging as first, ScriptedServer([Turn("second")], "openai-responses") as second:
        assert ask(chained(first, second, heard)).text == "second"


def test_fallbacks_that_cannot_do_the_work_are_left_out_with_the_reason() -> None:
    environ = {"ANTHROPIC_API_KEY": "k", "OLLAMA_HOST": "127.0.0.1:1"}
    config = Config(
        models=ModelsConfig(fallback=("openai", "ollama:plain", "ollama:small", "anthropic:new", "anthropic"))
    )
    keyed = discover(config, environ)
    local = (Served("plain", 100_000_000, tools=False), Served("small", 2048, tools=True))
    found = Discovery((*keyed.found, Found(LOCAL[0], "http://x", local)))
    first = resolve("sonnet", None, config, discovery=found)
    chain = chain_from(first, config, discovery=found, max_usd=1.0)
    assert chain.models == (first,)
    reasons = dict(chain.left_out)
    assert "needs a key" in reasons["openai"]
    assert "cannot call tools" in reasons["ollama:plain"]
    assert "2,048 tokens" in reasons["ollama:small"]
    assert "cannot be kept" in reasons["anthropic:new"]
    assert "anthropic" not in reasons, "the first one itself is no fallback, and no problem either"


def _one_run(url: str, folder: str, answers: Any) -> None:
    import os

    os.environ["IRONWRIGHT_STATE_HOME"] = folder
    environ = {"ANTHROPIC_API_KEY": "shared", "ANTHROPIC_BASE_URL": url, "OLLAMA_HOST": "127.0.0.1:1"}
    config = Config()
    chain = Chain((resolve("sonnet", None, config, environ=environ),))
    model = connect_chain(chain, config, environ=environ, patience=Patience(tries=3, longest_wait=10))
    answers.put(ask(model).text)


@pytest.mark.slow
def test_what_a_provider_asked_of_one_run_is_kept_to_by_another(tmp_path: Path) -> None:
    refused_at: list[float] = []

    def script(request: Any) -> Turn:
        if not refused_at:
            refused_at.append(time.monotonic())
            return Turn(fault=Fault(status=429, retry_after=3))
        return Turn("ok")

    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    with ScriptedServer(script) as server:
        runs = [context.Process(target=_one_run, args=(server.url, str(tmp_path), answers)) for _ in range(2)]
        runs[0].start()
        while not refused_at:
            time.sleep(0.02)
        runs[1].start()
        assert [answers.get(timeout=60) for _ in runs] == ["ok", "ok"]
        for run in runs:
            run.join()
        arrivals = [request.at for request in server.requests]
    assert all(at >= refused_at[0] + 2.95 for at in arrivals[1:])


def test_requests_of_all_runs_together_keep_to_the_rate(tmp_path: Path) -> None:
    moment = [1e9]
    path = tmp_path / "limits.json"
    runs = [ProviderLimits(path, 60, clock=lambda: moment[0]) for _ in range(3)]
    waits = [runs[number % 3].take() for number in range(12)]
    assert waits[:6] == [0.0] * 6, "a tenth of a minute's requests may come at once"
    assert waits[6:] == pytest.approx([1, 2, 3, 4, 5, 6])


def test_a_rest_is_kept_by_who_reads_it_and_ends(tmp_path: Path) -> None:
    moment = [1e9]
    one, two = (ProviderLimits(tmp_path / "x.json", clock=lambda: moment[0]) for _ in range(2))
    one.rest(20)
    assert (two.resting(), two.take()) == (20.0, 20.0)
    two.rest(5)
    assert one.resting() == 20.0
    moment[0] += 21
    assert one.take() == 0.0
    moment[0] -= 100_000
    assert one.take() == 0.0, "a clock that was set back does not stop the work for a day"


def test_a_folder_that_cannot_be_written_leaves_each_run_to_itself() -> None:
    limits = ProviderLimits(Path("/proc/nowhere/x.json"), clock=lambda: 5.0)
    limits.rest(7)
    assert limits.take() == 7.0


_NUMBERS = st.text() | st.integers() | st.floats() | st.none()
_FILES = st.dictionaries(st.sampled_from(["not_before", "slot"]), _NUMBERS)


@given(st.binary(max_size=100) | _FILES.map(lambda data: json.dumps(data).encode()))
@settings(deadline=None)
def test_a_damaged_file_of_limits_stops_nothing(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.mktemp("limits") / "x.json"
    path.write_bytes(content)
    assert 0 <= ProviderLimits(path, 10).take() <= 3600 + 6


def test_keys_are_no_part_of_the_limits_file_name() -> None:
    limits = limits_of(PROVIDERS["anthropic"], {"ANTHROPIC_API_KEY": "sk-secret"}, "ANTHROPIC_API_KEY")
    assert "secret" not in str(limits._path)


class Cutting:
    """A provider whose connection breaks after its answer's last event, or before it."""

    def __init__(self, events: list[str]) -> None:
        self.asked = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                owner.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for event in events:
                    piece = event.encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/messages"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "recordings"
    yield path
    if path.exists():
        end_server(path)


async def post(folder: Path, url: str, process: str) -> str:
    current_step.set("attempt-1/model-1")
    async with paid_once(folder, process) as transport, httpx2.AsyncClient(transport=transport) as http:
        return (await http.post(url, content="{}")).text


def test_an_answer_that_was_finished_before_its_connection_broke_is_not_paid_again(folder: Path) -> None:
    events = ["event: ping\ndata: {}\n\n", 'event: message_stop\ndata: {"type": "message_stop"}\n\n']
    provider = Cutting(events)
    for process in ("first", "second"):
        assert asyncio.run(post(folder, provider.url, process)) == "".join(events)
    assert provider.asked == 1


def test_an_answer_that_was_cut_is_asked_for_again(folder: Path) -> None:
    provider = Cutting(["event: ping\ndata: {}\n\n"])
    for process in ("first", "second"):
        with pytest.raises(httpx2.HTTPError):
            asyncio.run(post(folder, provider.url, process))
    assert provider.asked == 2


def test_who_lost_patience_joins_the_answer_under_way(folder: Path) -> None:
    """The silence that ends a request here does not end it at the provider."""

    async def work(server: ScriptedServer) -> ModelResponse:
        environ = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url, "OLLAMA_HOST": "127.0.0.1:1"}
        async with paid_once(folder) as transport:
            resolved = resolve("sonnet", None, Config(), environ=environ)
            model = connect(resolved, environ=environ, transport=transport, patience=Patience(8, 0.05, 2))
            current_step.set("attempt-1/model-1")
            return await request(model)

    from ironwright.models import connect as connecting

    silence, connecting.SILENCE_SECONDS = connecting.SILENCE_SECONDS, 0.4
    try:
        with ScriptedServer(lambda request: Turn("at last", fault=Fault(delay=1.2))) as server:
            assert asyncio.run(work(server)).text == "at last"
            assert len(server.requests) == 1
    finally:
        connecting.SILENCE_SECONDS = silence


def test_a_resumed_step_is_answered_by_whoever_answered_it_before(folder: Path) -> None:
    """The first provider is back by then; the answer of the second is paid for already."""

    async def work(environ: dict[str, str], process: str) -> ModelResponse:
        config = Config(models=ModelsConfig(fallback=("openai",)))
        found = discover(config, environ)
        chain = chain_from(resolve("sonnet", None, config, discovery=found), config, discovery=found)
        async with paid_once(folder, process) as transport:
            model = connect_chain(chain, config, environ=environ, transport=transport, patience=QUICK)
            current_step.set("attempt-1/model-1")
            return await request(model)

    script = [Turn(fault=Fault(status=401)), Turn("from the first")]
    with ScriptedServer(script) as first, ScriptedServer([Turn("second")], "openai-responses") as second:
        before = asyncio.run(work(keys(first, second), "killed"))
        after = asyncio.run(work(keys(first, second), "resumed"))
        assert (before.text, after.text) == ("second", "second")
        assert before.metadata == after.metadata
        assert (len(first.requests), len(second.requests)) == (1, 1)


STREAM = {"content-type": "text/event-stream; charset=utf-8"}


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (b"data: {}\n\ndata: [DONE]\n\n", True),
        (b"data: {}\n\ndata: [DONE]", False),
        (b'event: response.completed\r\ndata: {"a": 1}\r\n\r\n', True),
        (b'data: {"candidates": [{"finishReason": "STOP"}]}\n\n', True),
        (b'data: {"candidates": [{}]}\n\n', False),
        (b"event: content_block_delta\ndata: {}\n\n", False),
        (b"", False),
    ],
)
def test_a_stream_is_whole_when_its_last_event_came(body: bytes, whole: bool) -> None:
    import gzip

    assert is_whole(STREAM, [body[:5], body[5:]]) is whole
    packed = {**STREAM, "content-encoding": "gzip"}
    assert is_whole(packed, [gzip.compress(body)]) is whole
    assert not is_whole({"content-type": "application/json"}, [body])


@given(st.binary(max_size=100), st.sampled_from(["", "gzip", "br", "deflate"]))
def test_any_bytes_are_whole_or_not(body: bytes, encoding: str) -> None:
    assert is_whole({**STREAM, "content-encoding": encoding}, [body]) in (True, False)
