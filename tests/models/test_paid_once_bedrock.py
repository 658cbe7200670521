"""Bedrock's requests go through the process that has them paid once, and arrive as they were signed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from pydantic_ai.messages import ModelRequest, ModelResponse, ToolCallPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters

from ironwright.models.connect import connect
from ironwright.models.paid_once import THIS_PROCESS, current_step, end_server, paid_once
from ironwright.models.resolve import resolve
from ironwright.models.steady import Patience
from ironwright.records.config import Config
from ironwright.records.errors import ModelError
from ironwright.testing.scripted_model import Fault, Received, ScriptedServer, ToolUse, Turn

KEYS = {"AWS_ACCESS_KEY_ID": "the-id", "AWS_SECRET_ACCESS_KEY": "the-secret", "AWS_REGION": "us-east-1"}
QUICK = Patience(tries=3, first_wait=0.01, longest_wait=5)
# An id with a colon: AWS's client escapes it, and the signature covers the escaped path.
MODEL = "bedrock:us.anthropic.claude-sonnet-5-5-v1:0"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, value in KEYS.items():  # AWS's client reads the process's own environment
        monkeypatch.setenv(name, value)
    path = tmp_path / "recordings"
    yield path
    if path.exists():
        end_server(path)


async def ask(folder: Path, url: str, step: str = "model-1", process: str = THIS_PROCESS) -> ModelResponse:
    current_step.set(step)
    resolved = resolve(MODEL, None, Config(), environ=KEYS)
    async with paid_once(folder, process) as transport:
        model = connect(resolved, environ=KEYS, transport=transport, base_url=url, patience=QUICK)
        return await model.request(
            [ModelRequest([UserPromptPart("go")])], {"max_tokens": 500}, ModelRequestParameters()
        )


def signature(request: Received, url: str) -> str:
    """The signature that AWS would expect of a request as it arrived."""
    signed = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: request.headers[name] for name in signed}
    again = AWSRequest("POST", f"{url}{request.path}", headers=headers, data=request.body)
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(Credentials("the-id", "the-secret"), "bedrock", "us-east-1")
    return auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)


def test_a_streamed_answer_arrives_and_the_signature_holds(folder: Path) -> None:
    with ScriptedServer([Turn("hello there", [ToolUse("look", {"at": 1})])], "bedrock") as server:
        response = asyncio.run(ask(folder, server.url))
    assert response.text == "hello there"
    (called,) = [part for part in response.parts if isinstance(part, ToolCallPart)]
    assert (called.tool_name, called.args_as_dict()) == ("look", {"at": 1})
    (request,) = server.requests
    assert "%3A0/converse-stream" in request.path
    assert request.headers["authorization"].endswith(f"Signature={signature(request, server.url)}")
    assert not any(name.startswith("x-ironwright") for name in request.headers)


def test_a_later_process_gets_the_answer_that_was_paid(folder: Path) -> None:
    with ScriptedServer([Turn("paid"), Turn("another")], "bedrock") as server:
        assert asyncio.run(ask(folder, server.url)).text == "paid"
        assert asyncio.run(ask(folder, server.url, process="later")).text == "paid"
        assert len(server.requests) == 1
        assert asyncio.run(ask(folder, server.url, step="model-2", process="later")).text == "another"


def test_a_killed_process_leaves_an_answer_that_is_not_paid_again(folder: Path) -> None:
    with ScriptedServer([Turn("paid", fault=Fault(delay=1.0))], "bedrock") as server:
        asking = f"asyncio.run(ask(Path({str(folder)!r}), {server.url!r}))"
        program = f"import asyncio; from {__name__} import *; {asking}"
        path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        child = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path})
        while not server.requests:
            assert child.poll() is None
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert asyncio.run(ask(folder, server.url)).text == "paid"
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [Fault(status=429), Fault(status=500), Fault(status=503), Fault(cut_after=3), Fault(garbage=True)],
    ids=["429", "500", "503", "cut", "garbage"],
)
def test_a_fault_that_passes_is_asked_again_and_not_kept(folder: Path, fault: Fault) -> None:
    with ScriptedServer([Turn("long enough to cut", fault=fault), Turn("fine")], "bedrock") as server:
        assert asyncio.run(ask(folder, server.url)).text == "fine"
        assert len(server.requests) == 2


def test_an_error_that_lasts_is_told_in_the_provider_s_words(folder: Path) -> None:
    with (
        ScriptedServer(lambda request: Turn(fault=Fault(status=503)), "bedrock") as server,
        pytest.raises(ModelError, match="answers with errors: HTTP 503: scripted 503"),
    ):
        asyncio.run(ask(folder, server.url))


def test_nobody_behind_the_process_is_said_so(folder: Path) -> None:
    server = ScriptedServer([], "bedrock")
    server._server.server_close()
    with pytest.raises(ModelError, match="could not be reached") as caught:
        asyncio.run(ask(folder, server.url))
    assert "HTTP" not in caught.value.what
