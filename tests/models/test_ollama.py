"""The client of Ollama's own interface, against a server that speaks it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.models.ollama import ChatRequest, OllamaClient, OllamaPiece, PullProgress
from ironwright.records.errors import ModelError
from ironwright.testing.scripted_model import ScriptedServer


def lines(*items: Any) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def serving(pages: dict[str, Any]) -> ScriptedServer:
    return ScriptedServer([], "ollama", pages=pages)


def test_what_it_has_and_what_is_loaded() -> None:
    details = {"parameter_size": "8.2B", "quantization_level": "Q4_K_M"}
    tags = {"models": [{"name": "qwen3:8b", "size": 5_200_000_000, "digest": "d", "details": details}]}
    ps = {"models": [{"name": "qwen3:8b", "size": 6_000_000_000, "context_length": 32768}]}
    with serving({"/api/tags": tags, "/api/ps": ps}) as server, OllamaClient(server.url) as client:
        (model,) = client.list()
        assert (model.name, model.bytes, model.parameters) == ("qwen3:8b", 5_200_000_000, "8.2B")
        assert (model.quantization, model.context) == ("Q4_K_M", None)
        assert client.loaded()[0].context == 32768


def test_a_pull_tells_how_far_it_is() -> None:
    layer = {"status": "pulling abc", "digest": "sha256:abc", "total": 100}
    told = lines({"status": "pulling manifest"}, {**layer, "completed": 40}, {"status": "success"})
    with serving({"/api/pull": told}) as server, OllamaClient(server.url) as client:
        assert list(client.pull("qwen3:8b")) == [
            PullProgress("pulling manifest"),
            PullProgress("pulling abc", "sha256:abc", 100, 40),
            PullProgress("success"),
        ]


@pytest.mark.parametrize(
    ("told", "what", "advice"),
    [
        (lines({"status": "pulling manifest"}), "stopped fetching", "Pull it again"),
        (
            lines({"error": "pull model manifest: file does not exist"}),
            "does not exist",
            "ollama.com/library",
        ),
        (lines({"error": "write: no space left on device"}), "no space left", "OLLAMA_MODELS"),
        (b"<html>", "is no Ollama", "OLLAMA_HOST"),
        ((500, {"error": "model requires more system memory"}), "more system memory", "smaller model"),
        ((404, {"error": "model not found"}), "does not have qwen3:8b", "ironwright models pull qwen3:8b"),
        ((502, b"bad gateway"), "HTTP 502", "log"),
    ],
)
def test_what_goes_wrong_with_a_pull_is_said(told: Any, what: str, advice: str) -> None:
    with serving({"/api/pull": told}) as server, OllamaClient(server.url) as client:
        with pytest.raises(ModelError, match=what) as caught:
            list(client.pull("qwen3:8b"))
        assert advice in caught.value.advice
        assert caught.value.where == server.url


def test_nobody_there_is_said() -> None:
    with OllamaClient("http://127.0.0.1:1") as client, pytest.raises(ModelError) as caught:
        client.list()
    assert "ollama serve" in caught.value.advice


def test_a_conversation_with_tools() -> None:
    asked: list[Any] = []

    def chat(request: Any) -> bytes:
        asked.append(request)
        call = {"function": {"name": "look", "arguments": {"at": 1}}}
        return lines(
            {"message": {"role": "assistant", "content": "", "thinking": "hm"}, "done": False},
            {"message": {"role": "assistant", "content": "I look", "tool_calls": [call]}, "done": False},
            {"message": {}, "done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 4},
        )

    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    request = ChatRequest(
        "qwen3:8b",
        [{"role": "user", "content": "go"}],
        tools=[tool],
        options={"num_ctx": 16384},
        keep_alive="10m",
        think=True,
    )
    with serving({"/api/chat": chat}) as server, OllamaClient(server.url) as client:
        thinking, called, end = client.chat(request)
    assert thinking == OllamaPiece(thinking="hm")
    assert (called.text, called.calls[0].name, called.calls[0].arguments) == ("I look", "look", {"at": 1})
    assert (end.done, end.input_tokens, end.output_tokens) == ("stop", 9, 4)
    assert asked[0]["tools"] == [tool]
    assert (asked[0]["options"], asked[0]["keep_alive"], asked[0]["think"]) == (
        {"num_ctx": 16384},
        "10m",
        True,
    )
    assert "format" not in asked[0]


def test_an_answer_that_breaks_off_is_an_error() -> None:
    told = lines({"message": {"content": "half"}, "done": False})
    with serving({"/api/chat": told}) as server, OllamaClient(server.url) as client:
        pieces = client.chat(ChatRequest("m", []))
        assert next(pieces).text == "half"
        with pytest.raises(ModelError, match="broke off"):
            next(pieces)


def test_embeddings_come_one_for_each_text() -> None:
    def embed(request: Any) -> Any:
        return {"embeddings": [[1.0, float(len(text))] for text in request["input"]]}

    with serving({"/api/embed": embed}) as server, OllamaClient(server.url) as client:
        assert client.embed("nomic", ["a", "bcd"]) == ((1.0, 1.0), (1.0, 3.0))
        server.pages["/api/embed"] = {"embeddings": [["x"]]}
        with pytest.raises(ModelError, match="did not give an embedding"):
            client.embed("nomic", ["a"])


def test_a_model_is_kept_and_let_go() -> None:
    asked: list[Any] = []
    with (
        serving({"/api/generate": lambda request: asked.append(request) or {"done": True}}) as server,
        OllamaClient(server.url) as client,
    ):
        client.keep("m", "30m")
        client.keep("m", 0)
    assert [(item["model"], item["keep_alive"]) for item in asked] == [("m", "30m"), ("m", 0)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["models", "name", "message", "content", "tool_calls", "function", "done", "error"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def server() -> Any:
    with serving({}) as made:
        yield made


@given(st.lists(_JSON, max_size=4))
@settings(deadline=None)
def test_whatever_it_says_is_an_answer_or_an_error_of_ours(server: ScriptedServer, said: list[Any]) -> None:
    server.pages |= {"/api/chat": lines(*said), "/api/tags": (200, said[0] if said else None)}
    with OllamaClient(server.url) as client:
        for ask in (client.list, lambda: list(client.chat(ChatRequest("m", [])))):
            with contextlib.suppress(ModelError):
                ask()
