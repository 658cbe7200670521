"""Whole runs on models that come and go, or that cannot call tools; over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.records.report import Outcome
from ironwright.testing.scripted_model import Fault, Received, ScriptedServer, Turn
from ironwright.workflow.launch import resume_run, run_task

from .conftest import git
from .test_run import GOOD
from .test_run_faults import DONE, WRITE, project, request, use

__all__ = ["project"]

pytestmark = pytest.mark.slow


def settings(project: Path, text: str) -> None:
    (project / "ironwright.toml").write_text(text)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "Add settings")


def test_another_provider_finishes_a_run_and_is_priced_as_itself(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(project, '[models]\nfallback = ["openai-chat:gpt-5.4"]\n')
    turns = [
        Turn(WRITE.text, WRITE.calls, input_tokens=1_000_000, output_tokens=0),
        Turn(fault=Fault(status=429, retry_after=3600)),
    ]
    last = [Turn(DONE.text, input_tokens=1_000_000, output_tokens=0)]
    with ScriptedServer(turns) as first, ScriptedServer(last, "openai-chat") as second:
        use(first, monkeypatch)
        monkeypatch.setenv("OPENAI_API_KEY", "other-key")
        monkeypatch.setenv("OPENAI_BASE_URL", second.base_url)
        report = run_task(request(project))
        assert report.outcome is Outcome.DELIVERED, report.reason
        assert (len(first.requests), len(second.requests)) == (2, 1)
        roles = [message["role"] for message in second.requests[0].json["messages"]]
    assert "tool" in roles, "the conversation went along"
    from ironwright.models.price import price_of
    from ironwright.models.providers import PROVIDERS

    sonnet = price_of(PROVIDERS["anthropic"], "claude-sonnet-5-5")
    other = price_of(PROVIDERS["openai-chat"], "gpt-5.4")
    assert sonnet is not None
    assert other is not None
    paid = report.usage.dollars
    assert paid is not None
    assert paid > sonnet.input_mtok * 0.99
    assert paid != pytest.approx(2 * sonnet.input_mtok), "the second million cost what the other one asks"


def test_a_model_without_tools_delivers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {"models": [{"name": "plain:1b", "digest": "run-1"}]}
    show = {"capabilities": ["completion"], "model_info": {"llama.context_length": 32768}}
    turns = [
        Turn("I will do it now."),
        Turn(f"```write_file\npath: src/two.rs\n<<<content\n{GOOD}>>>\n```"),
        Turn("```done\nAdded it.\n```"),
    ]
    with ScriptedServer(turns, "ollama", pages={"/api/tags": tags, "/api/show": show}) as server:
        for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        report = run_task(request(project, model="ollama:plain:1b"))
    assert report.outcome is Outcome.DELIVERED, report.reason
    assert report.usage.dollars == 0.0


def test_a_window_that_is_too_small_ends_the_run_with_numbers(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {"models": [{"name": "small:1b", "digest": "run-2"}]}
    show = {"capabilities": ["completion", "tools"], "parameters": "num_ctx 4096"}
    with ScriptedServer([], "ollama", pages={"/api/tags": tags, "/api/show": show}) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        report = run_task(request(project, model="ollama:small:1b"))
        assert server.requests == []
    assert report.outcome is Outcome.FAILED
    assert "4,096 tokens" in report.reason


def test_every_model_gone_keeps_the_work_and_goes_on_later(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(project, '[models]\nfallback = ["openai-chat:gpt-5.4"]\n')
    back = False

    def first_script(received: Received) -> Turn:
        if len(first.requests) == 1:
            return WRITE
        return DONE if back else Turn(fault=Fault(status=401))

    gone = ScriptedServer(lambda received: Turn(fault=Fault(status=401)), "openai-chat")
    with ScriptedServer(first_script) as first, gone as second:
        use(first, monkeypatch)
        monkeypatch.setenv("OPENAI_API_KEY", "other-key")
        monkeypatch.setenv("OPENAI_BASE_URL", second.base_url)
        report = run_task(request(project))
        assert report.outcome is Outcome.FAILED
        assert "no model can be had" in report.reason
        back = True
        resumed = resume_run(report.run_id, project)
        assert resumed.outcome is Outcome.DELIVERED, resumed.reason
        assert resumed.usage.requests == 2
