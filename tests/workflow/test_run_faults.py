"""What a model's server can do to a run: each fault gets its clear end, and nothing that was paid is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ironwright.records.report import Outcome
from ironwright.testing.scripted_model import Fault, ScriptedServer, ToolUse, Turn
from ironwright.workflow.context import RunListener
from ironwright.workflow.launch import resume_run, run_task
from ironwright.workflow.request import RunRequest

from .conftest import git
from .test_run import AGENT, GOOD

pytestmark = pytest.mark.slow

WRITE = Turn("I write it.", [ToolUse("write_file", {"path": "src/two.rs", "content": GOOD})])
DONE = Turn("Done.")


@pytest.fixture
def project(repository: Path) -> Path:
    agents = repository / ".claude" / "agents"
    agents.mkdir(parents=True)
    (agents / "tidy.md").write_text(AGENT.format(before=""))
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Add the agent")
    return repository


def use(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith("_API_KEY") or name.startswith(("ANTHROPIC_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)


def request(project: Path, **other: object) -> RunRequest:
    values: dict[str, object] = {"task": "Add add_two", "folder": project, "agent": "tidy"}
    return RunRequest(**(values | {"model": "anthropic:claude-sonnet-5-5"} | other))  # type: ignore[arg-type]


def test_overload_errors_and_cut_streams_are_waited_out(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = [
        Turn(fault=Fault(status=429, retry_after=0.1)),
        Turn("cut", fault=Fault(cut_after=2)),
        WRITE,
        Turn(fault=Fault(status=529)),
        DONE,
    ]
    with ScriptedServer(turns) as server:
        use(server, monkeypatch)
        report = run_task(request(project))
        assert report.outcome is Outcome.DELIVERED, report.reason
        assert len(server.requests) == len(turns)
        assert report.usage.requests == 2
        assert report.usage.dollars is not None
        assert report.usage.dollars > 0


def test_a_wait_for_the_provider_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Heard(RunListener):
        def __init__(self) -> None:
            self.lines: list[str] = []

        def progress(self, line: str) -> None:
            self.lines.append(line)

    heard = Heard()
    with ScriptedServer([Turn(fault=Fault(status=500)), WRITE, DONE]) as server:
        use(server, monkeypatch)
        assert run_task(request(project), heard).outcome is Outcome.DELIVERED
    (told,) = [line for line in heard.lines if "asking again in" in line]
    assert "HTTP 500" in told


def test_what_was_paid_before_a_run_stopped_is_in_its_report(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer([WRITE, Turn(fault=Fault(status=401)), DONE]) as server:
        use(server, monkeypatch)
        report = run_task(request(project))
        assert report.outcome is Outcome.FAILED
        assert report.usage.requests == 1
        assert report.usage.dollars is not None
        assert report.usage.dollars > 0
        done = resume_run(report.run_id, project)
        assert done.usage.requests == 2


def test_a_refused_key_fails_the_run_and_a_right_one_lets_it_go_on(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer([WRITE, Turn(fault=Fault(status=401)), DONE]) as server:
        use(server, monkeypatch)
        report = run_task(request(project))
        assert report.outcome is Outcome.FAILED
        assert "401" in report.reason
        assert report.exit_code == 3
        done = resume_run(report.run_id, project)
        assert done.outcome is Outcome.DELIVERED
        assert len(server.requests) == 3


def test_a_key_that_is_gone_when_the_run_goes_on_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer([Turn(fault=Fault(status=401)), WRITE, DONE]) as server:
        use(server, monkeypatch)
        report = run_task(request(project))
        monkeypatch.delenv("ANTHROPIC_API_KEY")
        again = resume_run(report.run_id, project)
        assert again.outcome is Outcome.FAILED
        assert any("ANTHROPIC_API_KEY" in text for text in (again.reason, *again.notes))
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
        assert resume_run(report.run_id, project).outcome is Outcome.DELIVERED


def test_a_model_that_never_stops_is_stopped_and_its_work_judged(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_stop(_: object) -> Turn:
        return Turn("Again.", [ToolUse("run_command", {"command": "echo more >> notes.txt"})])

    with ScriptedServer(never_stop) as server:
        use(server, monkeypatch)
        report = run_task(request(project, max_turns=3))
        assert len(server.requests) == 3
    assert report.attempts[0].stopped == "limit"
    assert any("limit of 3 turns" in note for note in report.notes)
    # The gates found nothing wrong in what was there, so it is delivered, with the limit said first.
    assert report.outcome is Outcome.DELIVERED
    assert report.reason.startswith("a limit stopped the agent before it said that it is done")
    assert report.exit_code == 0


def test_work_that_a_limit_cut_short_is_refused_when_a_gate_fails(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_stop(_: object) -> Turn:
        text = "".join(f"// line {number}\n" for number in range(300))
        return Turn("Again.", [ToolUse("write_file", {"path": "src/long.rs", "content": text})])

    with ScriptedServer(never_stop) as server:
        use(server, monkeypatch)
        report = run_task(request(project, max_turns=2))
    assert report.outcome is Outcome.REFUSED
    assert "all 2 model requests are used" in report.reason
    assert report.exit_code == 1


def test_a_limit_in_dollars_ends_the_work(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def costly(_: object) -> Turn:
        return Turn(
            "Again.",
            [ToolUse("run_command", {"command": "true"})],
            input_tokens=100_000,
            output_tokens=10_000,
        )

    with ScriptedServer(costly) as server:
        use(server, monkeypatch)
        report = run_task(request(project, max_usd=0.5))
    assert report.attempts[0].stopped == "limit"
    assert report.outcome is Outcome.UNDECIDED
    assert report.usage.dollars is not None
    assert report.usage.dollars >= 0.5
    assert report.usage.requests < 10


def test_openai_chat_works_as_well(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([WRITE, DONE], "openai-chat") as server:
        for name in list(os.environ):
            if name.endswith("_API_KEY"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("OPENAI_API_KEY", "test-key")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        report = run_task(request(project, model="openai-chat:gpt-6.1-sol"))
        assert report.outcome is Outcome.DELIVERED, report.reason
        assert [item.path for item in server.requests] == ["/v1/chat/completions"] * 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes that is full."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=False)
    if mounted.returncode != 0:
        pytest.skip("a disk can be mounted by root alone")
    try:
        (place / "filling").write_bytes(b"x" * (2 << 20))
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_behind_the_state_is_named_with_its_variable_and_the_run_goes_on_with_room(
    project: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRONWRIGHT_STATE_HOME", str(small_disk / "state"))
    with ScriptedServer([WRITE, DONE]) as server:
        use(server, monkeypatch)
        report = run_task(request(project))
        assert report.outcome is Outcome.FAILED
        assert "No space left" in report.reason
        (note,) = [note for note in report.notes if "on a disk that is full" in note]
        assert note.startswith(str(small_disk / "state"))
        assert "IRONWRIGHT_STATE_HOME" in note
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        assert resume_run(report.run_id, project).outcome is Outcome.DELIVERED
        assert len(server.requests) == 2


def test_a_full_disk_behind_the_cache_is_named_with_its_variable(
    project: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRONWRIGHT_CACHE_HOME", str(small_disk / "cache"))
    with ScriptedServer([WRITE, DONE]) as server:
        use(server, monkeypatch)
        report = run_task(request(project))
    assert report.outcome is not Outcome.DELIVERED
    assert "IRONWRIGHT_CACHE_HOME" in " ".join((report.reason, *report.notes))
