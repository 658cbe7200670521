from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ironwright.models.discover import Discovery, Found, Served, ask_ollama, discover
from ironwright.models.listing import list_models
from ironwright.models.providers import LOCAL, PROVIDERS
from ironwright.models.resolve import ResolvedModel, resolve
from ironwright.records.config import Config, ModelsConfig, RunConfig
from ironwright.records.errors import ConfigError, ModelError
from ironwright.testing.quiet_server import QuietServer
from ironwright.testing.scripted_model import ScriptedServer

ANTHROPIC = {"ANTHROPIC_API_KEY": "k"}
OPENAI = {"OPENAI_API_KEY": "k"}


def found(environ: dict[str, str]) -> Discovery:
    """What the keys open, without looking for servers of this machine."""
    every = discover(Config(), {**environ, "OLLAMA_HOST": "127.0.0.1:1"})
    return Discovery(tuple(item for item in every.found if not item.models))


def chosen(
    name: str | None, environ: dict[str, str], agent: str | None = None, **settings: Any
) -> ResolvedModel:
    config = Config(models=ModelsConfig(**settings))
    return resolve(name, agent, config, discovery=found(environ))


@pytest.mark.parametrize(
    ("environ", "provider"),
    [
        (ANTHROPIC, "anthropic"),
        ({"ANTHROPIC_AUTH_TOKEN": "k"}, "anthropic"),
        (OPENAI, "openai"),
        ({"GEMINI_API_KEY": "k"}, "google"),
        ({"GOOGLE_API_KEY": "k"}, "google"),
        ({"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k"}, "bedrock"),
        ({"AWS_BEARER_TOKEN_BEDROCK": "k"}, "bedrock"),
        ({"OPENROUTER_API_KEY": "k"}, "openrouter"),
        ({**OPENAI, **ANTHROPIC}, "anthropic"),
    ],
)
@pytest.mark.parametrize("role", ["haiku", "sonnet", "opus"])
def test_short_names_mean_what_the_keys_open(environ: dict[str, str], provider: str, role: str) -> None:
    model = chosen(role, environ)
    assert model.provider.name == provider
    assert model.id == PROVIDERS[provider].roles[role]
    assert model.price is not None
    assert model.context


def test_half_of_a_credential_opens_nothing() -> None:
    assert found({"AWS_ACCESS_KEY_ID": "k"}).found == ()
    assert found({"ANTHROPIC_API_KEY": ""}).found == ()


def test_the_first_that_is_given_wins() -> None:
    config = Config(run=RunConfig(model="haiku"), models=ModelsConfig(default="opus"))
    keys = found(ANTHROPIC)
    assert "sonnet" in resolve("sonnet", "opus", config, discovery=keys).id
    assert "haiku" in resolve(None, "opus", config, discovery=keys).id
    assert "opus" in resolve(None, "opus", replace(config, run=RunConfig()), discovery=keys).id
    for word in (None, "inherit", "Default", ""):
        assert "opus" in resolve(None, word, replace(config, run=RunConfig()), discovery=keys).id
    assert "sonnet" in resolve(None, None, Config(), discovery=keys).id


def test_settings_say_what_short_names_mean() -> None:
    assert chosen("opus", OPENAI, opus="openai:gpt-5.4").label == "openai:gpt-5.4"
    assert chosen("sonnet", ANTHROPIC, sonnet="claude-opus-4-8").label == "anthropic:claude-opus-4-8"
    with pytest.raises(ModelError, match="short name itself"):
        chosen("opus", ANTHROPIC, opus="sonnet")


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("claude-opus-4-8", "anthropic:claude-opus-4-8"),
        ("anthropic:claude-new", "anthropic:claude-new"),
        ("gpt-5.4", "openai:gpt-5.4"),
        ("openai-chat:gpt-5.4", "openai-chat:gpt-5.4"),
        ("http://127.0.0.1:9/v1#my-model", "server:my-model"),
    ],
)
def test_full_ids_find_their_provider(word: str, label: str) -> None:
    assert chosen(word, {**ANTHROPIC, **OPENAI}).label == label


@pytest.mark.parametrize(
    ("word", "environ", "advice"),
    [
        ("claude-opus-4-8", OPENAI, "ANTHROPIC_API_KEY"),
        ("google:gemini-3.8-flash", OPENAI, "GOOGLE_API_KEY"),
        ("bedrock:x", OPENAI, "AWS_BEARER_TOKEN_BEDROCK"),
        ("what-is-this", OPENAI, "provider:id"),
        ("sonnet", {}, "ANTHROPIC_API_KEY"),
        ("ollama:llama", OPENAI, "Start it"),
        ("sonnet", {"GROQ_API_KEY": "k"}, "[models] sonnet"),
    ],
)
def test_what_is_missing_is_said(word: str, environ: dict[str, str], advice: str) -> None:
    with pytest.raises(ModelError) as caught:
        chosen(word, environ)
    assert advice in caught.value.advice


def test_a_limit_in_dollars_needs_a_price() -> None:
    chosen("sonnet", ANTHROPIC).require_price(1.0)
    unpriced = chosen("anthropic:claude-of-tomorrow", ANTHROPIC)
    assert unpriced.price is None
    unpriced.require_price(None)
    with pytest.raises(ModelError, match="cannot be kept") as caught:
        unpriced.require_price(1.0)
    assert "--max-turns" in caught.value.advice


def test_servers_of_the_settings_are_found_and_named() -> None:
    with ScriptedServer([], "openai-chat", model="local-coder:7b") as server:
        config = Config(models=ModelsConfig(servers=(server.base_url, "http://127.0.0.1:1/v1")))
        everything = discover(config, {})
        assert everything.silent == ("http://127.0.0.1:1/v1",)
        assert [item.where for item in everything.named("server")] == [server.base_url]
        model = resolve("local-coder:7b", None, config, discovery=everything)
        assert (model.label, model.price) == ("server:local-coder:7b", None)
        assert resolve("sonnet", None, config, discovery=everything).id == "local-coder:7b"
        listed = list_models(config, discovery=everything)
        assert {"sonnet", "default"} <= set(
            next(item.roles for item in listed if item.id == "local-coder:7b")
        )


def test_ollama_is_found_where_its_variable_says_and_asked_for_tools() -> None:
    with ScriptedServer([], "ollama", model="qwen3:8b") as server:
        host = server.url.removeprefix("http://")
        everything = discover(Config(), {"OLLAMA_HOST": host})
        model = resolve("qwen3:8b", None, Config(), discovery=everything)
        assert model.label == "ollama:qwen3:8b"
        assert model.dollars  # it runs here
        assert model.price is not None
        assert model.price.input_mtok == 0.0
        assert resolve("ollama:qwen3:8b", None, Config(), discovery=everything).found == server.url
        with pytest.raises(ModelError, match="does not serve") as caught:
            resolve("ollama:other", None, Config(), discovery=everything)
        assert "qwen3:8b" in caught.value.advice


class _Answers(http.server.BaseHTTPRequestHandler):
    answers: dict[str, bytes]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        body = self.answers.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()


class _Dripping(_Answers):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.2)


def _serving(kind: type[_Answers], answers: dict[str, bytes]) -> Iterator[str]:
    handler = type("Handler", (kind,), {"answers": answers})
    with QuietServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"data": 1}', b'{"data": [1, {"id": 2}, {}]}', b"\xff\xfe", b"[" * 100_000],
)
def test_whatever_else_listens_on_a_port_is_no_model_server(body: bytes) -> None:
    for url in _serving(_Answers, {"/v1/models": body}):
        assert discover(Config(models=ModelsConfig(servers=(f"{url}/v1",))), {}).silent == (f"{url}/v1",)


def test_the_search_is_over_within_a_second_or_so() -> None:
    for url in _serving(_Dripping, {}):
        started = time.monotonic()
        discover(Config(models=ModelsConfig(servers=(f"{url}/v1",))), {"OLLAMA_HOST": url})
        assert time.monotonic() - started < 1.5


def test_a_model_that_cannot_call_tools_comes_after_one_that_can() -> None:
    shown = {"capabilities": ["completion"], "model_info": {"llama.context_length": 8192}}
    for url in _serving(_Answers, {"/api/show": json.dumps(shown).encode()}):
        told = ask_ollama(url, "plain")
        assert told is not None
        assert (told.tools, told.window) == (False, 8192)
        ollama = replace(LOCAL[0], base_url=url)
        only = Discovery((Found(ollama, url, (told, Served("able", tools=True))),))
        assert resolve("sonnet", None, Config(), discovery=only).id == "able"
        plain = resolve("ollama:plain", None, Config(), discovery=only)
        assert (plain.tools, plain.context) == (False, 8192)
        without = Discovery((Found(ollama, url, (told,)),))
        assert resolve("sonnet", None, Config(), discovery=without).id == "plain"
        embedding = Discovery((Found(ollama, url, (Served("nomic", chats=False),)),))
        with pytest.raises(ModelError, match="none of the local models"):
            resolve("sonnet", None, Config(), discovery=embedding)


def test_context_windows_are_read_where_servers_say_them() -> None:
    listing = {
        "data": [{"id": "a", "max_model_len": 32768}, {"id": "b", "meta": {"n_ctx": 4096}}, {"id": "c"}]
    }
    for url in _serving(_Answers, {"/v1/models": json.dumps(listing).encode()}):
        (server,) = discover(Config(models=ModelsConfig(servers=(f"{url}/v1",))), {}).named("server")
        assert [model.context for model in server.models] == [32768, 4096, None]


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/v1", "http://", "nonsense"])
def test_an_address_that_is_none_is_an_error_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigError, match="no base URL"):
        discover(Config(models=ModelsConfig(servers=(url,))), {})


def test_the_list_shows_prices_and_roles() -> None:
    models = list_models(Config(models=ModelsConfig(opus="claude-opus-4-8")), discovery=found(ANTHROPIC))
    by_id = {model.id: model for model in models}
    assert by_id["claude-opus-4-8"].roles == ("opus",)
    assert by_id["claude-sonnet-5-5"].roles == ("sonnet", "default")
    assert by_id["claude-sonnet-5-5"].input_mtok == 2.0
    assert by_id["claude-opus-5-5"].roles == ()
    assert by_id["claude-haiku-5-5"].as_json()["found"] == "ANTHROPIC_API_KEY"
    assert list_models(Config(), discovery=Discovery(())) == ()


def test_nothing_here_imports_the_model_stack() -> None:
    import subprocess
    import sys

    program = """
import sys
import ironwright.models.listing, ironwright.models.connect, ironwright.models.recorded
import ironwright.session.attempt, ironwright.session.journal
heavy = ("pydantic_ai", "anthropic", "openai", "genai_prices", "httpx2")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
