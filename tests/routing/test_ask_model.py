from __future__ import annotations

from dataclasses import replace

import pytest
from agents_for_tests import TEAM, router

from ironwright.models.connect import connect
from ironwright.models.resolve import resolve
from ironwright.models.steady import Patience
from ironwright.records.config import Config
from ironwright.records.errors import ModelError
from ironwright.routing.ask_model import ask_model
from ironwright.testing.scripted_model import Fault, ScriptedServer, ToolUse, Turn

pytestmark = pytest.mark.slow  # a provider's client takes seconds to import

DESCRIPTIONS = {one.name: one.description for one in TEAM}
TEXT = "Something with the SQL endpoints is odd"
ROUTE = replace(router(TEAM).route(TEXT), accepted=False)


def asked(server):
    environ = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.base_url}
    model = resolve("anthropic:claude-sonnet-5-5", None, Config(), environ=environ)
    patient = connect(model, environ=environ, patience=Patience(tries=1))
    return ask_model(ROUTE, TEXT, DESCRIPTIONS, patient)


def test_the_model_chooses_among_the_candidates() -> None:
    wanted = ROUTE.candidates[-1].name
    with ScriptedServer([Turn("", [ToolUse("choose", {"response": wanted})])]) as server:
        route = asked(server)
        sent = server.requests[0].body.decode()
    assert (route.agent, route.accepted, route.by) == (wanted, True, "model")
    assert route.candidates[0].name == wanted
    assert len(route.candidates) == len(ROUTE.candidates)
    assert TEXT in sent
    assert all(candidate.name in sent for candidate in ROUTE.candidates)


def test_the_model_may_say_that_none_fits() -> None:
    with ScriptedServer([Turn("", [ToolUse("choose", {"response": "none"})])]) as server:
        route = asked(server)
    assert (route.agent, route.accepted, route.by) == (None, False, "model")


def test_an_agent_that_is_no_candidate_is_refused_and_asked_for_again() -> None:
    wanted = ROUTE.candidates[0].name
    script = [
        Turn("", [ToolUse("choose", {"response": "whale"})]),
        Turn("", [ToolUse("choose", {"response": wanted})]),
    ]
    with ScriptedServer(script) as server:
        assert asked(server).agent == wanted
        assert len(server.requests) == 2


def test_a_model_that_never_chooses_is_an_error_with_advice() -> None:
    with ScriptedServer(lambda _: Turn("I would rather not.")) as server, pytest.raises(ModelError) as caught:
        asked(server)
    assert "--agent" in caught.value.advice


def test_a_model_that_fails_is_an_error() -> None:
    with ScriptedServer(lambda _: Turn(fault=Fault(status=401))) as server, pytest.raises(ModelError):
        asked(server)
