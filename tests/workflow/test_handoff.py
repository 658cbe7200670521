"""Work handed to another agent: its own worktree, gates and budget, merged only when it passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ironwright.records.errors import ModelError
from ironwright.records.handoff import Handoff
from ironwright.records.journal import EventKind, read_journal
from ironwright.records.report import Outcome, RunReport, Usage
from ironwright.session.attempt import AttemptResult, AttemptSpec, Stopped
from ironwright.workflow.launch import resume_run, run_task

from .conftest import git, user_state
from .test_run import BAD, GOOD, ScriptedEngine, nothing, request, result, write

DOCUMENTED = "- Every public function must have a doc comment.\n"
THREE = "//! Three.\n\n/// The third number after it.\npub fn third(n: i32) -> i32 {\n    n + 3\n}\n"


def definition(name: str, rules: str) -> str:
    return f"---\nname: {name}\ndescription: The {name} of the house. It works.\n---\n{rules}"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.json"
    path.write_text('{"version": 1, "name": "none", "turns": [{"text": "unused"}]}')
    return path


@pytest.fixture
def make(repository: Path) -> Callable[..., Path]:
    def project(**agents: str) -> Path:
        folder = repository / ".claude" / "agents"
        folder.mkdir(parents=True)
        for name, rules in agents.items():
            name = name.replace("_", "-")
            (folder / f"{name}.md").write_text(definition(name, rules))
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "-m", "Add the agents")
        return repository

    return project


@pytest.fixture
def project(make: Callable[..., Path]) -> Path:
    return make(
        lead=DOCUMENTED + "- Delegate to doc-writer when documentation is missing.\n",
        doc_writer=DOCUMENTED + "- Hand over to word-smith where words are hard to find.\n",
        word_smith=DOCUMENTED + "- Delegate to lead when the work is larger.\n",
    )


def hands(agent: str, identifier: str = "call-1", **other: object) -> Callable[[AttemptSpec], AttemptResult]:
    def act(spec: AttemptSpec) -> AttemptResult:
        handoff = Handoff(
            identifier, agent, "The docs are thin.", "Wrote some.", "", "Write them.", ("src/two.rs",)
        )
        return result(spec, stopped=Stopped.HANDED_OFF, handoffs=(handoff,), **other)

    return act


def both(*acts: Callable[[AttemptSpec], AttemptResult]) -> Callable[[AttemptSpec], AttemptResult]:
    def act(spec: AttemptSpec) -> AttemptResult:
        return [each(spec) for each in acts][-1]

    return act


def told(spec: AttemptSpec) -> dict[str, Any]:
    (text,) = spec.handed_back.values()
    return dict(json.loads(text))


def no_trace(project: Path) -> bool:
    return git(project, "worktree", "list").count("\n") == 0 and "handoff" not in git(
        project, "branch", "--list"
    )


def test_work_that_passes_its_gates_is_merged(project: Path, recording: Path) -> None:
    def sees_the_work(spec: AttemptSpec) -> AttemptResult:
        seen.append((spec.workplace.worktree / "src" / "two.rs").read_text())
        return write("src/three.rs", THREE)(spec)

    seen: list[str] = []
    before = user_state(project)
    engine = ScriptedEngine(both(write("src/two.rs", GOOD), hands("doc-writer")), sees_the_work, nothing)
    report = run_task(request(project, recording, agent="lead"), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert engine.keys == ["attempt-1", "attempt-1", "attempt-1-answered-1"]
    asked = engine.specs[1]
    assert asked.agent.name == "doc-writer"
    assert "Finding: The docs are thin." in asked.task
    assert "Question: Write them." in asked.task
    assert asked.history is None
    assert asked.workplace.worktree != engine.specs[0].workplace.worktree
    assert seen == [GOOD]  # it begins with the asking agent's work
    back = told(engine.specs[2])
    assert (back["outcome"], back["files"]) == ("merged", ["src/three.rs"])
    assert {"id": "undocumented_functions", "verdict": "PASS"}.items() <= back["gates"][-1].items()
    assert git(project, "show", f"{report.branch}:src/three.rs") + "\n" == THREE
    assert git(project, "show", f"{report.branch}:src/two.rs") + "\n" == GOOD
    assert user_state(project) == before
    assert no_trace(project)
    (handoff,) = report.attempts[0].handoffs
    assert (handoff.agent, handoff.outcome, handoff.usage.requests) == ("doc-writer", "merged", 1)
    assert handoff.attempts[0].check is not None
    assert report.usage.requests == 3
    assert report.usage.dollars == pytest.approx(0.03)
    saved = json.loads((Path(report.journal).parent / "report.json").read_text())
    assert RunReport.from_json(saved) == report


def test_work_that_its_gates_refuse_is_not_merged(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(
        both(write("src/two.rs", GOOD), hands("doc-writer")), write("src/three.rs", BAD), nothing, nothing
    )
    report = run_task(request(project, recording, agent="lead", repairs=1), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    back = told(engine.specs[-1])
    assert back["outcome"] == "refused"
    assert "src/three.rs:1" in back["findings"]
    assert "src/three.rs" not in git(project, "ls-tree", "-r", "--name-only", report.branch)
    assert no_trace(project)


def test_an_answer_without_a_change_comes_back_as_words(project: Path, recording: Path) -> None:
    def answer(spec: AttemptSpec) -> AttemptResult:
        return result(spec, summary="Because of the borrow in line 3.")

    engine = ScriptedEngine(both(write("src/two.rs", GOOD), hands("doc-writer")), answer, nothing)
    report = run_task(request(project, recording, agent="lead"), engine=engine)
    assert report.outcome is Outcome.DELIVERED
    back = told(engine.specs[2])
    assert (back["outcome"], back["answer"]) == ("answered", "Because of the borrow in line 3.")


def test_a_tree_of_three_is_reported_with_its_cost(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(
        both(write("src/two.rs", GOOD), hands("doc-writer")),
        hands("word-smith", usage=Usage(requests=1, dollars=0.2)),
        write("src/three.rs", THREE),
        nothing,
        nothing,
    )
    report = run_task(request(project, recording, agent="lead", max_usd=4.0), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert [spec.agent.name for spec in engine.specs] == [
        "lead", "doc-writer", "word-smith", "doc-writer", "lead",
    ]  # fmt: skip
    (first,) = report.attempts[0].handoffs
    (second,) = first.attempts[0].handoffs
    assert (first.key, second.key) == ("handoff-1", "handoff-1.1")
    assert (second.outcome, first.outcome) == ("merged", "merged")
    assert first.usage.dollars == pytest.approx(0.22)
    assert second.usage.dollars == pytest.approx(0.01)
    assert report.usage.dollars == pytest.approx(0.24)
    # Each budget is carved from what its parent has left.
    limits = [spec.limits.max_usd for spec in engine.specs]
    assert limits[:3] == [
        pytest.approx(4.0),
        pytest.approx((4 - 0.01) / 2),
        pytest.approx(((4 - 0.01) / 2 - 0.2) / 2),
    ]
    assert git(project, "show", f"{report.branch}:src/three.rs") + "\n" == THREE
    # The last in the chain is offered nobody: two levels are the limit.
    assert engine.specs[1].partners is not None
    assert engine.specs[2].partners is None


def test_work_is_not_handed_round_in_a_circle(make: Callable[..., Path], recording: Path) -> None:
    project = make(
        lead=DOCUMENTED + "- Delegate to second-hand when in doubt.\n",
        second_hand=DOCUMENTED + "- Delegate to lead when in doubt.\n",
    )
    engine = ScriptedEngine(
        both(write("src/two.rs", GOOD), hands("second-hand")), hands("lead"), nothing, nothing
    )
    report = run_task(request(project, recording, agent="lead"), engine=engine)
    assert report.outcome is Outcome.DELIVERED
    partners = engine.specs[1].partners
    assert partners is not None
    assert "lead → second-hand" in partners.refusal("lead")
    back = told(engine.specs[2])
    assert back["outcome"] == "not asked"
    assert "circle" in back["reason"]


def test_an_agent_for_escalation_is_not_asked_early(make: Callable[..., Path], recording: Path) -> None:
    project = make(
        lead_coder=DOCUMENTED + "- Delegate to big-gun for hard problems.\n",
        big_gun="- Use this agent only after `lead-coder` was tried at least two times and failed.\n",
    )
    engine = ScriptedEngine(both(write("src/two.rs", GOOD), hands("big-gun")), nothing)
    report = run_task(request(project, recording, agent="lead-coder"), engine=engine)
    assert report.outcome is Outcome.DELIVERED
    assert (
        "2 failed attempts of lead-coder are asked for, and 0 are recorded" in told(engine.specs[1])["reason"]
    )


def test_a_handoff_that_is_written_is_carried_out(project: Path, recording: Path) -> None:
    words = "Problem: the docs are thin.\nAttempted: wrote some.\n\nPlease invoke doc-writer to write them."

    def writes(spec: AttemptSpec) -> AttemptResult:
        write("src/two.rs", GOOD)(spec)
        return result(spec, summary=words)

    engine = ScriptedEngine(writes, write("src/three.rs", THREE), nothing)
    report = run_task(request(project, recording, agent="lead"), engine=engine)
    assert report.outcome is Outcome.DELIVERED
    assert engine.specs[1].agent.name == "doc-writer"
    assert "Finding: the docs are thin." in engine.specs[1].task
    assert '"outcome": "merged"' in engine.specs[2].task
    assert report.attempts[0].handoffs[0].outcome == "merged"


def test_a_handoff_goes_on_after_a_failure_in_the_middle(project: Path, recording: Path) -> None:
    def fail(spec: AttemptSpec) -> AttemptResult:
        error = ModelError("the provider is down", advice="Wait a while.")
        return result(spec, stopped=Stopped.ERROR, reason=error.what, error=error)

    engine = ScriptedEngine(both(write("src/two.rs", GOOD), hands("doc-writer")), fail)
    report = run_task(request(project, recording, agent="lead"), engine=engine)
    assert report.outcome is Outcome.FAILED
    assert report.usage.requests == 2
    later = ScriptedEngine(write("src/three.rs", THREE), nothing)
    done = resume_run(report.run_id, project, engine=later)
    assert done.outcome is Outcome.DELIVERED, (done.reason, done.notes)
    assert later.keys == ["attempt-1-try-2", "attempt-1-answered-1"]
    assert later.specs[0].agent.name == "doc-writer"
    kinds = [event.kind for event in read_journal(Path(done.journal))]
    assert kinds.count(EventKind.HANDED_OFF) == kinds.count(EventKind.HANDED_BACK) == 1
    assert done.usage.requests == 4
    assert no_trace(project)


def test_several_handoffs_of_one_turn_are_each_carried_out(project: Path, recording: Path) -> None:
    def two(spec: AttemptSpec) -> AttemptResult:
        write("src/two.rs", GOOD)(spec)
        each = (Handoff("a", "doc-writer", "One."), Handoff("b", "doc-writer", "Two."))
        return result(spec, stopped=Stopped.HANDED_OFF, handoffs=each)

    engine = ScriptedEngine(two, write("src/three.rs", THREE), write("src/four.rs", THREE), nothing)
    report = run_task(request(project, recording, agent="lead"), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert set(engine.specs[3].handed_back) == {"a", "b"}
    names = git(project, "ls-tree", "-r", "--name-only", report.branch)
    assert "src/three.rs" in names
    assert "src/four.rs" in names
