from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.host.leash import end_leashed, leashed
from ironwright.records.errors import ModelError, RunError, ToolError
from ironwright.records.report import Usage
from ironwright.session.attempt import Question
from ironwright.session.claude_code_place import (
    Conversation,
    conversation_of,
    credential,
    model_id,
    require_version,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
ASKED = st.builds(Question, TEXT, TEXT, TEXT)
USED = st.builds(Usage, st.integers(0, 99), st.integers(0), st.integers(0), st.integers(0), st.integers(0))


@given(st.builds(Conversation, TEXT, TEXT, st.lists(ASKED).map(tuple), USED))
def test_a_conversation_survives_its_bytes(conversation: Conversation) -> None:
    assert conversation_of(conversation.as_bytes(), "attempt-1") == conversation


@given(st.binary(min_size=1))
def test_bytes_that_are_no_conversation_are_a_clear_error(history: bytes) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        conversation_of(history, "attempt-1")


def test_no_history_is_a_new_conversation() -> None:
    first, second = conversation_of(None, "a"), conversation_of(b"", "a")
    assert first.transcript == second.transcript == ""
    assert first.session != second.session


@pytest.mark.parametrize("version", ["2.1.247", "1.9.999", "", "none", "2.1"])
def test_an_old_claude_code_is_refused(version: str) -> None:
    with pytest.raises(ToolError):
        require_version(version)


@pytest.mark.parametrize("version", ["2.1.248", "2.2.0", "10.0.0-beta (Claude Code)"])
def test_a_new_claude_code_is_taken(version: str) -> None:
    require_version(version)


def test_only_anthropics_models_are_asked() -> None:
    assert model_id("anthropic:claude-sonnet-5-5") == "claude-sonnet-5-5"
    with pytest.raises(ModelError, match="openai:x is not one"):
        model_id("openai:x")


def test_the_key_that_found_the_model_is_used() -> None:
    assert credential({"ANTHROPIC_API_KEY": "a", "ANTHROPIC_AUTH_TOKEN": "b"}) == "ANTHROPIC_API_KEY"
    assert credential({"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": "b"}) == "ANTHROPIC_AUTH_TOKEN"
    with pytest.raises(ModelError, match="ANTHROPIC_API_KEY"):
        credential({})


def test_a_leashed_program_gets_its_arguments_and_only_the_kept_environment(tmp_path: Path) -> None:
    script = leashed(Path("/bin/sh"), tmp_path, ["KEPT", "LC_*"])
    environment = {"KEPT": "yes", "LC_ALL": "C", "SECRET": "no", "PATH": os.environ["PATH"]}
    told = subprocess.run(
        [script, "-c", 'echo "$1|$KEPT|$LC_ALL|$SECRET"', "x", "a b"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "a b|yes|C|\n"


def test_ending_it_ends_what_it_started(tmp_path: Path) -> None:
    script = leashed(Path("/bin/sh"), tmp_path, ["PATH"])
    with subprocess.Popen(
        [script, "-c", "sleep 300 & echo $!; wait"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        end_leashed(tmp_path)
        assert process.wait(10) == -signal.SIGKILL
    assert ended(child)


STARTER = """
import subprocess, sys, time
from pathlib import Path
from ironwright.host.leash import leashed
script = leashed(Path("/bin/sleep"), Path(sys.argv[1]), ["PATH"])
process = subprocess.Popen([script, "300"])
while not (Path(sys.argv[1]) / "pid").exists():
    time.sleep(0.01)
print(process.pid, flush=True)
time.sleep(300)
"""


def test_it_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        child = int(starter.stdout.readline())
        assert not ended(child, 0.0)
        starter.kill()
    assert ended(child)


def ended(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process is gone, or waits only to be asked how it ended."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
