"""Each kind of model server, as it describes itself, behind real HTTP."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.models.ask_server import Enquiry
from ironwright.models.discover import Discovery, discover, ollama_address
from ironwright.models.known_models import KnownModels, probe_key
from ironwright.models.resolve import resolve
from ironwright.models.served import Served
from ironwright.models.server_apis import read_ollama, read_openai
from ironwright.records.config import Config, ModelsConfig
from ironwright.testing.scripted_model import ScriptedServer

NOWHERE = {"OLLAMA_HOST": "127.0.0.1:1"}


def at(url: str, environ: dict[str, str] | None = None, **settings: Any) -> Discovery:
    config = Config(models=ModelsConfig(servers=(url,), **settings))
    return discover(config, {**NOWHERE, **(environ or {})})


def ollama_pages(digest: str, **show: Any) -> dict[str, Any]:
    return {
        "/api/tags": {"models": [{"name": "qwen3:8b", "digest": digest}]},
        "/api/show": {
            "capabilities": ["completion", "tools", "thinking"],
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
            "parameters": 'stop   "<|im_end|>"\nnum_ctx                        16384',
            **show,
        },
        "/api/ps": {"models": []},
    }


def test_an_ollama_says_what_its_models_can_do() -> None:
    with ScriptedServer([], "ollama", pages=ollama_pages("d-1")) as server:
        (item,) = at(server.url).named("ollama")
    (model,) = item.models
    assert (model.id, model.context, model.context_limit) == ("qwen3:8b", 16384, 40960)
    assert (model.tools, model.images, model.thinking) == (True, False, True)
    assert item.provider.local


def test_what_ollama_showed_of_some_weights_is_not_asked_again_until_refreshed() -> None:
    pages = ollama_pages("d-2")
    with ScriptedServer([], "ollama", pages=pages) as server:
        config = Config(models=ModelsConfig(servers=(server.url,)))
        first = discover(config, NOWHERE)
        assert server.visited.count("/api/show") == 1
        assert discover(config, NOWHERE) == first
        assert server.visited.count("/api/show") == 1
        discover(config, NOWHERE, refresh=True)
        assert server.visited.count("/api/show") == 2
        server.pages = ollama_pages("d-3", capabilities=["completion"])
        (item,) = discover(config, NOWHERE).named("ollama")
        assert item.models[0].tools is False
        server.pages = {
            **ollama_pages("d-3"),
            "/api/ps": {"models": [{"name": "qwen3:8b", "context_length": 4096}]},
        }
        (item,) = discover(config, NOWHERE).named("ollama")
        assert item.models[0].context == 4096


def test_lm_studio_says_what_is_loaded_and_what_calls_tools() -> None:
    own = {
        "data": [
            {
                "id": "qwen2.5-coder",
                "type": "llm",
                "state": "loaded",
                "max_context_length": 131072,
                "loaded_context_length": 8192,
                "capabilities": ["tool_use"],
            },
            {"id": "gemma-vision", "type": "vlm", "max_context_length": 32768, "capabilities": []},
            {"id": "nomic", "type": "embeddings", "max_context_length": 2048},
        ]
    }
    listing = {"data": [{"id": item["id"]} for item in own["data"]]}
    pages = {"/v1/models": listing, "/api/v0/models": own}
    with ScriptedServer([], "openai-chat", pages=pages) as server:
        everything = at(server.base_url)
        (item,) = everything.named("lmstudio")
        coder, vision, nomic = item.models
        assert (coder.tools, coder.context, coder.context_limit) == (True, 8192, 131072)
        assert (vision.tools, vision.images, vision.window) == (False, True, 32768)
        assert not nomic.chats
        assert resolve("sonnet", None, Config(), discovery=everything).id == "qwen2.5-coder"
        with pytest.raises(Exception, match="makes embeddings"):
            resolve("lmstudio:nomic", None, Config(), discovery=everything)


def test_llama_cpp_says_its_context_and_what_its_template_can() -> None:
    pages = {
        "/v1/models": {"data": [{"id": "m.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 65536}}]},
        "/props": {
            "default_generation_settings": {"n_ctx": 12288},
            "chat_template_caps": {"supports_tool_calls": True, "supports_parallel_tool_calls": False},
            "modalities": {"vision": True, "audio": False},
        },
    }
    with ScriptedServer([], "openai-chat", pages=pages) as server:
        (item,) = at(server.base_url).named("llamacpp")
    (model,) = item.models
    assert (model.context, model.context_limit) == (12288, 65536)
    assert (model.tools, model.parallel_tools, model.images) == (True, False, True)


def test_vllm_says_its_context_and_not_whether_it_calls_tools() -> None:
    pages = {"/v1/models": {"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 32768}]}}
    with ScriptedServer([], "openai-chat", pages=pages) as server:
        (item,) = at(server.base_url).named("vllm")
    assert (item.models[0].context, item.models[0].tools) == (32768, None)


def test_a_configured_server_gets_the_key_of_the_settings() -> None:
    heard: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        connection, _ = listener.accept()
        heard.append(connection.recv(65536).decode())
        connection.close()

    threading.Thread(target=listen, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    at(url, {"MY_KEY": "secret-of-a-test"}, server_key="MY_KEY")
    listener.close()
    assert "Authorization: Bearer secret-of-a-test" in heard[0]


@pytest.mark.parametrize("talk", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"HTTP/1.1 2"])
def test_a_server_that_accepts_and_does_not_answer_costs_less_than_a_second(talk: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        try:
            for byte in talk + b" " * 1000:
                connection.send(bytes([byte]))
                if over.wait(0.05):
                    return
        except OSError:
            pass

    def listen() -> None:
        held = []
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            if talk:
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    before = threading.active_count()
    started = time.monotonic()
    found = discover(
        Config(models=ModelsConfig(servers=(f"{url}/v1",))), {"OLLAMA_HOST": url, "ANTHROPIC_API_KEY": "k"}
    )
    assert time.monotonic() - started < 1.0
    assert [item.where for item in found.found if item.provider.keys] == ["ANTHROPIC_API_KEY"]
    assert found.silent == (f"{url}/v1",)
    deadline = time.monotonic() + 2
    while threading.active_count() > before + 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    over.set()
    listener.close()


class _Canned(Enquiry):
    """A conversation whose answers are given."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers

    def ask(self, path: str, payload: Any = None) -> Any:
        return self._answers


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("data", "models", "id", "name", "digest", "meta", "n_ctx", "capabilities"),
                    *("parameters", "pricing", "prompt", "default_generation_settings", "model_info"),
                    *("max_context_length", "architecture", "input_modalities", "type", "owned_by"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(_JSON)
@settings(deadline=None)
def test_whatever_a_server_says_is_read_without_an_error(said: Any) -> None:
    told: list[tuple[Served, ...]] = []
    read_openai(_Canned(said), told.append, "/v1")
    read_ollama(_Canned(said), told.append, {}, lambda digest, model: None)
    for models in told:
        for model in models:
            assert Served.from_json(json.loads(json.dumps(model.as_json()))) == model
            assert model.context is None or model.context > 0


def test_what_was_learned_expires(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    known = KnownModels.load(path)
    known.show("d", Served("m", 10, True), at=1000.0)
    known.probe(probe_key("http://x", "m"), Served("m", tools=False), at=1000.0)
    known.save()
    assert KnownModels.load(path, lambda: 2000.0).shown == {"d": Served("m", 10, True)}
    assert KnownModels.load(path, lambda: 1000.0 + 8 * 86400).shown == {}
    assert KnownModels.load(path, lambda: 1000.0 + 8 * 86400).probed
    assert KnownModels.load(path, lambda: 1000.0 + 31 * 86400).probed == {}
    assert KnownModels.load(path, lambda: 500.0).shown == {}, "a clock that went back is not believed"


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
@settings(deadline=None)
def test_a_damaged_memory_is_an_empty_one(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.mktemp("memory") / "known.json"
    path.write_bytes(content)
    assert KnownModels.load(path).shown == {}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (None, "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("gpu-box:9000", "http://gpu-box:9000"),
        ("https://models.example", "https://models.example:443"),
        ("[::1]:11435", "http://[::1]:11435"),
    ],
)
def test_where_ollama_listens_is_read_as_ollama_reads_it(host: str | None, url: str) -> None:
    assert ollama_address(host) == url
