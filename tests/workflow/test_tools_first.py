"""A role that is only tidying is carried out by tools, without a model where they suffice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.agents.find import resolve_agent
from ironwright.records.config import Config
from ironwright.records.errors import ModelError
from ironwright.records.journal import EventKind, read_journal
from ironwright.records.report import Outcome
from ironwright.workflow.contract_source import agent_contract
from ironwright.workflow.launch import run_task
from ironwright.workflow.mechanical_role import fits
from ironwright.workflow.request import RunRequest

from .conftest import git
from .test_run import ScriptedEngine, nothing, write

TASK = "Format the code and clear the clippy warnings"
CLUMSY = "//! Tiny.\n\n/// The number after it.\npub fn next(n: i32) -> i32 { return n   + 1; }\n"
NEAT = "//! Tiny.\n\n/// The number after it.\npub fn next(n: i32) -> i32 {\n    n + 1\n}\n"
MANY = (
    "\n/// Sums all.\npub fn sum(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {\n"
    "    a + b + c + d + e + f + g + h\n}\n"
)
FEW = "\n/// Sums all.\npub fn sum(all: &[u8]) -> u8 {\n    all.iter().sum()\n}\n"


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.json"
    path.write_text('{"version": 1, "name": "none", "turns": [{"text": "unused"}]}')
    return path


def crate(repository: Path, text: str) -> Path:
    (repository / "src" / "lib.rs").write_text(text)
    git(repository, "commit", "--quiet", "--all", "-m", "Write it clumsily")
    return repository


def linting(folder: Path, **other: object) -> RunRequest:
    values: dict[str, object] = {"task": TASK, "folder": folder, "agent": "rust-linting-standard"}
    return RunRequest(**(values | other))  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_linting_role_needs_no_model_and_no_key(repository: Path) -> None:
    folder = crate(repository, CLUMSY)
    report = run_task(linting(folder), engine=ScriptedEngine())
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert git(folder, "show", f"{report.branch}:src/lib.rs") + "\n" == NEAT
    assert report.usage.requests == 0
    assert [(item.agent, item.model) for item in report.attempts] == [("mechanical tier", "no model")]
    kinds = [event.kind for event in read_journal(Path(report.journal))]
    assert EventKind.ATTEMPT_STARTED not in kinds
    check = report.attempts[0].check
    assert check is not None
    assert {"clippy_warnings", "unformatted_code", "failing_tests"} <= {v.gate for v in check.verdicts}
    assert git(folder, "status", "--porcelain") == ""


@pytest.mark.slow
def test_what_tools_leave_without_a_model_is_refused_and_kept(repository: Path) -> None:
    folder = crate(repository, CLUMSY + MANY)
    report = run_task(linting(folder), engine=ScriptedEngine())
    assert report.outcome is Outcome.REFUSED, report.reason
    assert "clippy_warnings did not pass, and no model can be used" in report.reason
    worktree = Path(next(note for note in report.notes if "not delivered" in note).split(" is in ")[1])
    assert (worktree / "src" / "lib.rs").read_text() == NEAT + MANY


@pytest.mark.slow
def test_what_tools_leave_is_the_agents(repository: Path, recording: Path) -> None:
    folder = crate(repository, CLUMSY + MANY)
    engine = ScriptedEngine(write("src/lib.rs", NEAT + FEW), nothing, nothing, nothing)
    report = run_task(linting(folder, recording=recording), engine=engine)
    assert engine.keys[0] == "attempt-1"
    assert "too many arguments" in engine.specs[0].findings
    assert report.attempts[0].agent == "mechanical tier"
    assert report.attempts[1].agent == "rust-linting-standard"
    assert report.attempts[1].check is not None
    assert {v.gate: v.status for v in report.attempts[1].check.verdicts}["clippy_warnings"] == "PASS"


def test_nothing_to_tidy_and_no_model_is_no_delivery(repository: Path) -> None:
    report = run_task(linting(crate(repository, NEAT)), engine=ScriptedEngine())
    assert report.outcome is Outcome.UNDECIDED
    assert report.reason.startswith("the tools found nothing to change")
    assert git(repository, "branch", "--list", "ironwright/*") == ""


def test_another_task_or_another_role_needs_a_model(repository: Path) -> None:
    with pytest.raises(ModelError):
        run_task(linting(repository, task="Add an option for the format"))
    with pytest.raises(ModelError):
        run_task(linting(repository, agent="engineer"))


@pytest.mark.parametrize(
    ("task", "wanted"),
    [
        (TASK, True),
        ("Run rustfmt and get rid of the warnings", True),
        ("Please fix all clippy warnings", True),
        ("Add a --format option", False),
        ("Fix the warning in src/parser.rs", False),
        ("Fix the formatting of the `Money::show` method", False),
        ("Implement a linter", False),
    ],
)
def test_only_a_task_that_asks_for_tidying_everything_is_the_tools(
    repository: Path, task: str, wanted: bool
) -> None:
    agent = resolve_agent("rust-linting-standard", repository)
    contract = agent_contract(agent, repository, Config()).load()
    assert fits(agent, contract, task) is wanted


def test_a_role_that_writes_code_is_never_the_tools(repository: Path) -> None:
    for name in ("engineer", "rust-expert-standard", "rust-linting-advanced", "rust-test-standard"):
        agent = resolve_agent(name, repository)
        assert not fits(agent, agent_contract(agent, repository, Config()).load(), TASK), name
