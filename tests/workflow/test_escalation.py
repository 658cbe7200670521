"""An agent for escalation works only after the standard one failed, or when a person allows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ironwright.records.errors import ContractError
from ironwright.records.journal import EventKind, read_journal
from ironwright.records.paths import ProjectPaths
from ironwright.records.report import Outcome, RunReport, Usage
from ironwright.session.attempt import AttemptResult, AttemptSpec, Stopped
from ironwright.workflow.launch import run_task
from ironwright.workflow.request import RunRequest
from ironwright.workflow.run_store import RunStore

from .conftest import git

GOOD = (
    "//! Two.\n\n/// Adds two to a number and gives the sum.\npub fn add_two(n: i32) -> i32 {\n    n + 2\n}\n"
)
BAD = "pub fn add_two(n: i32) -> i32 {\n    n + 2\n}\n"
RULES = "- Every public function must have a doc comment.\n"
TASK = "Add a function that adds two"
STANDARD = f"---\nname: expert-standard\ndescription: Changes Rust crates.\n---\n{RULES}"
ADVANCED = (
    "---\nname: expert-advanced\ndescription: Changes Rust crates.\n---\n"
    f"- Use this agent only after `expert-standard` was tried at least two times and failed.\n{RULES}"
)


def writes(text: str) -> Callable[[AttemptSpec], AttemptResult]:
    def act(spec: AttemptSpec) -> AttemptResult:
        (spec.workplace.worktree / "src" / "two.rs").write_text(text)
        messages = json.dumps([spec.key]).encode()
        return AttemptResult(Stopped.FINISHED, "Done.", Usage(requests=1), messages, 0.1)

    return act


def engine(text: str):
    async def work(spec: AttemptSpec) -> AttemptResult:
        return await asyncio.to_thread(writes(text), spec)

    return work


@pytest.fixture
def project(repository: Path) -> Path:
    agents = repository / ".claude" / "agents"
    agents.mkdir(parents=True)
    (agents / "expert-standard.md").write_text(STANDARD)
    (agents / "expert-advanced.md").write_text(ADVANCED)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Add the agents")
    return repository


@pytest.fixture
def work(project: Path, tmp_path: Path) -> Callable[..., RunReport]:
    recording = tmp_path / "recording.json"
    recording.write_text('{"version": 1, "name": "none", "turns": [{"text": "unused"}]}')

    def run(agent: str, text: str, **other: object) -> RunReport:
        request = RunRequest(TASK, project, agent=agent, recording=recording, repairs=0)
        values = {name: getattr(request, name) for name in RunRequest.__slots__} | other
        return run_task(RunRequest(**values), engine=engine(text))

    return run


def gate(report: RunReport):
    check = report.attempts[-1].check
    assert check is not None
    return next(verdict for verdict in check.verdicts if verdict.gate == "premature_escalation")


def routed(project: Path, report: RunReport):
    journal = read_journal(RunStore(ProjectPaths(project)).find(report.run_id).journal)
    return next(event.data for event in journal if event.kind is EventKind.ROUTED)


def test_it_is_refused_before_it_costs_anything(work: Callable[..., RunReport], project: Path) -> None:
    with pytest.raises(
        ContractError, match=r"2 failed attempts of expert-standard .* 0 are recorded"
    ) as error:
        work("expert-advanced", GOOD)
    assert "--override-escalation" in error.value.advice
    assert RunStore(ProjectPaths(project)).list() == ()


def test_it_works_after_the_standard_agent_failed(work: Callable[..., RunReport], project: Path) -> None:
    assert work("expert-standard", BAD).outcome is Outcome.REFUSED
    with pytest.raises(ContractError, match="1 are recorded"):
        work("expert-advanced", GOOD)
    assert work("expert-standard", BAD).outcome is Outcome.REFUSED
    with pytest.raises(ContractError, match="0 are recorded"):
        work("expert-advanced", GOOD, task="Another task")
    report = work("expert-advanced", GOOD)
    assert report.outcome is Outcome.DELIVERED
    assert gate(report).reason == "2 attempts of expert-standard had failed before expert-advanced began"
    earlier = routed(project, report)["earlier"]
    assert [(item["agent"], item["why"]) for item in earlier] == [
        ("expert-standard", "the gates refused it"),
        ("expert-standard", "the gates refused it"),
        ("expert-advanced", "the gates refused it"),  # the second run went up by itself
    ]


def test_a_person_may_allow_it(work: Callable[..., RunReport], project: Path) -> None:
    report = work("expert-advanced", GOOD, override_escalation="it is urgent")
    assert report.outcome is Outcome.DELIVERED
    assert "a person allowed expert-advanced" in gate(report).findings[0].message
    assert routed(project, report)["override_escalation"] == "it is urgent"


def test_a_request_of_an_older_version_is_read() -> None:
    data = RunRequest(TASK, Path("/tmp")).as_json()
    del data["override_escalation"]
    assert RunRequest.from_json(data) == RunRequest(TASK, Path("/tmp"))
