"""``ironwright models`` from outside: real processes, real servers on 127.0.0.1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ironwright.testing.scripted_model import Received, ScriptedServer, ToolUse, Turn


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def ironwright(
    project: Path, *words: str, stdin: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    keep = ("PATH", "HOME", "IRONWRIGHT_CACHE_HOME", "IRONWRIGHT_STATE_HOME", "PYTHONPATH")
    return subprocess.run(
        [sys.executable, "-m", "ironwright", *words],
        cwd=project,
        env={"OLLAMA_HOST": "127.0.0.1:1", **{k: os.environ[k] for k in keep if k in os.environ}, **environ},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def servers(project: Path, *urls: str, **settings: Any) -> None:
    lines = ["[models]", f"servers = {json.dumps(list(urls))}"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (project / "ironwright.toml").write_text("\n".join(lines) + "\n")


def test_the_list_shows_what_each_model_can_do_and_is_for(project: Path) -> None:
    tags = {"models": [{"name": "plain:1b", "digest": "cli-1"}]}
    show = {"capabilities": ["completion", "vision"], "model_info": {"x.context_length": 8192}}
    with ScriptedServer([], "ollama", pages={"/api/tags": tags, "/api/show": show}) as server:
        servers(project, server.url, "http://127.0.0.1:1/v1")
        done = ironwright(project, "models", "--format", "json")
        text = ironwright(project, "models", "-q")
    assert done.returncode == 0
    data = json.loads(done.stdout)
    plain = next(model for model in data["models"] if model["id"] == "plain:1b")
    assert (plain["provider"], plain["context"], plain["works_by"]) == ("ollama", 8192, "text")
    assert plain["abilities"]["images"] is True
    assert plain["abilities"]["parallel_tools"] is None
    assert data["silent"] == ["http://127.0.0.1:1/v1"]
    assert "did not answer" in done.stderr
    assert "ollama:plain:1b" in text.stdout


def test_nothing_found_says_what_to_set(project: Path) -> None:
    done = ironwright(project, "models")
    if "ollama" in done.stdout or "vllm" in done.stdout:
        pytest.skip("a model server runs on this machine")
    assert done.returncode == 3
    assert "ANTHROPIC_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_probe_is_asked_for_before_it_costs_and_remembered(project: Path) -> None:
    def script(request: Received) -> Turn:
        return Turn("", [ToolUse("add", {"a": 2, "b": 3})]) if "tools" in request.json else Turn("red")

    with ScriptedServer(script, "openai-chat", model="unknown-price") as server:
        servers(project, server.base_url)
        words = ("models", "--probe", "--model", "server:unknown-price", "--format", "json")
        refused = ironwright(project, *words)
        assert server.requests == []
        assert "--yes pays it" in refused.stderr
        probed = ironwright(project, *words, "--yes")
        asked = len(server.requests)
        again = ironwright(project, "models", "--format", "json")
        assert len(server.requests) == asked
    for done in (probed, again):
        model = next(m for m in json.loads(done.stdout)["models"] if m["id"] == "unknown-price")
        assert model["probed"] is True
        assert model["abilities"] == {
            "tools": True,
            "parallel_tools": False,
            "structured_output": False,
            "images": True,
            "thinking": None,
        }


def test_pull_fetches_a_model_with_progress(project: Path) -> None:
    layer = {"status": "pulling", "digest": "sha256:abcdef", "total": 1000, "completed": 500}
    told = b"".join(json.dumps(item).encode() + b"\n" for item in (layer, {"status": "success"}))
    with ScriptedServer([], "ollama", pages={"/api/pull": told}) as server:
        done = ironwright(project, "models", "pull", "qwen3:8b", OLLAMA_HOST=server.url)
    assert (done.returncode, done.stdout) == (0, "qwen3:8b is there; use it with --model ollama:qwen3:8b\n")
    assert "50 %" in done.stderr


@pytest.mark.parametrize(("name", "code"), [("qwen3:8b", 3), ("two words", 3)])
def test_a_pull_that_cannot_be_is_told_without_a_traceback(project: Path, name: str, code: int) -> None:
    done = ironwright(project, "models", "pull", name)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
