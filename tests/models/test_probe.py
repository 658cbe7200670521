"""Probes over real HTTP, against models that can do much, little or nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ironwright.models.discover import Discovery, Found, discover
from ironwright.models.known_models import KnownModels, probe_key
from ironwright.models.listing import list_models
from ironwright.models.probe import Probed, differences, most_dollars, probe
from ironwright.models.providers import PROVIDERS
from ironwright.models.resolve import resolve
from ironwright.models.served import Served
from ironwright.records.config import Config, ModelsConfig, RunConfig
from ironwright.records.errors import ModelError
from ironwright.testing.scripted_model import Fault, Received, ScriptedServer, ToolUse, Turn


def able(request: Received) -> Turn:
    """Answers what a probe asks, as a model would that can do it all."""
    said = json.dumps(request.json)
    if "add" in said and "tools" in request.json:
        return Turn("", [ToolUse("add", {"a": 2, "b": 3}), ToolUse("add", {"a": 40, "b": 2})])
    if "capital of France" in said:
        assert request.json["response_format"]["type"] == "json_schema"
        return Turn('{"city": "Paris", "letters": 5}')
    return Turn("Red." if "image_url" in said else "What?")


def probed(script: Any) -> Probed:
    with ScriptedServer(script, "openai-chat", model="m") as server:
        return asyncio.run(probe(resolve(f"{server.base_url}#m", None, Config(), discovery=Discovery(()))))


def test_a_model_that_can_do_it_all() -> None:
    found = probed(able)
    assert found.model == Served("m", tools=True, parallel_tools=True, structured_output=True, images=True)
    assert found.remarks == ()


def test_a_model_that_only_talks() -> None:
    found = probed(lambda request: Turn("Certainly! I would add 2 and 3. The sky is blue."))
    assert found.model == Served(
        "m", tools=False, parallel_tools=False, structured_output=False, images=False
    )


@pytest.mark.parametrize("status", [400, 500])
def test_a_server_that_refuses_tools_has_none(status: int) -> None:
    def script(request: Received) -> Turn:
        return Turn(fault=Fault(status=status)) if "tools" in request.json else able(request)

    found = probed(script)
    assert (found.model.tools, found.model.structured_output) == (False, True)
    assert "calling tools" in found.remarks[0]


@pytest.mark.parametrize("status", [401, 400])
def test_a_probe_that_gets_no_answer_learns_nothing(status: int) -> None:
    with pytest.raises(ModelError):
        probed(lambda request: Turn(fault=Fault(status=status)))


def test_what_it_costs_at_most_is_known_before() -> None:
    environ = {"ANTHROPIC_API_KEY": "k", "OLLAMA_HOST": "127.0.0.1:1"}
    dollars = most_dollars(resolve("sonnet", None, Config(), environ=environ))
    assert dollars is not None
    assert 0 < dollars < 0.1


def test_what_a_probe_found_counts_more_than_what_the_server_says() -> None:
    url = "http://127.0.0.1:9"
    says = Served("m", tools=True, digest="d")
    found = Served("m", tools=False, parallel_tools=False)
    item = Found(PROVIDERS["ollama"], url, (says,))
    everything = Discovery((item,), probed={probe_key(url, "m", "d"): found})
    assert resolve("ollama:m", None, Config(), discovery=everything).tools is False
    (listed,) = list_models(Config(), discovery=everything)
    assert (listed.works_by, listed.probed) == ("text", True)
    other = Discovery((item,), probed={probe_key(url, "m", "another digest"): found})
    assert resolve("ollama:m", None, Config(), discovery=other).tools is True
    assert differences(says, found) == ("tools: the server says yes, the probe found no",)


def test_a_probe_is_remembered_until_it_is_refreshed() -> None:
    with ScriptedServer([], "openai-chat", model="remembered") as server:
        config = Config(models=ModelsConfig(servers=(server.base_url,)))
        memory = KnownModels.load()
        memory.probe(probe_key(server.base_url, "remembered"), Served("remembered", tools=False))
        memory.save()
        environ = {"OLLAMA_HOST": "127.0.0.1:1"}
        assert resolve("remembered", None, config, discovery=discover(config, environ)).tools is False
        fresh = discover(config, environ, refresh=True)
        assert resolve("remembered", None, config, discovery=fresh).tools is None


def test_the_list_says_what_a_run_uses_each_model_for() -> None:
    environ = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "OLLAMA_HOST": "127.0.0.1:1"}
    config = Config(run=RunConfig(reviewer="openai:gpt-6-luna"), models=ModelsConfig(fallback=("openai",)))
    models = {model.label: model for model in list_models(config, environ=environ)}
    assert models["anthropic:claude-sonnet-5-5"].serves == ("standard",)
    assert models["anthropic:claude-opus-5-5"].serves == ("advanced",)
    assert models["openai:gpt-6-luna"].serves == ("reviewer",)
    assert models["openai:gpt-6.1-sol"].serves == ("fallback",)
    sonnet = models["anthropic:claude-sonnet-5-5"].as_json()
    assert sonnet["abilities"]["tools"] is True
    assert sonnet["works_by"] == "tools"
