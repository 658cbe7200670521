"""A run goes up the ladder that the definitions state, on the evidence of verdicts, with what was learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ironwright.records.journal import EventKind, read_journal
from ironwright.records.report import Outcome, RunReport
from ironwright.session.attempt import AttemptResult, AttemptSpec
from ironwright.workflow.launch import resume_run, run_task

from .conftest import git
from .test_run import BAD, GOOD, ScriptedEngine, nothing, request, result, write

RULES = "- Every public function must have a doc comment.\n"
WORSE = "pub fn add_two(n: i32) -> i32 {\n    n + 2\n}\npub fn add_three(n: i32) -> i32 {\n    n + 3\n}\n"


def definition(name: str, rules: str) -> str:
    return f"---\nname: {name}\ndescription: Changes crates.\n---\n{rules}"


def after(standard: str, times: int) -> str:
    return f"- Use this agent only after `{standard}` was tried at least {times} times and failed.\n"


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
    return make(crab_standard=RULES, crab_advanced=after("crab-standard", 2))


def escalated(report: RunReport) -> list[dict[str, object]]:
    journal = read_journal(Path(report.journal))
    return [dict(event.data) for event in journal if event.kind is EventKind.ESCALATED]


def who(report: RunReport) -> list[str]:
    return [attempt.agent for attempt in report.attempts]


def test_two_failures_of_the_standard_agent_bring_the_advanced_one(project: Path, recording: Path) -> None:
    def clean_start(spec: AttemptSpec) -> AttemptResult:
        seen.append((spec.workplace.worktree / "src" / "two.rs").exists())
        return write("src/two.rs", GOOD)(spec)

    seen: list[bool] = []
    engine = ScriptedEngine(write("src/two.rs", BAD), write("src/two.rs", WORSE), clean_start)
    report = run_task(request(project, recording, agent="crab-standard", repairs=1), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert engine.keys == ["attempt-1", "repair-1", "attempt-2"]
    assert who(report) == ["crab-standard", "crab-standard", "crab-advanced"]
    spec = engine.specs[2]
    assert spec.agent.name == "crab-advanced"
    assert seen == [False]  # it starts from the base, not in what failed
    assert spec.history is None
    assert "add_three" in spec.lessons  # the diff that failed
    assert "undocumented_functions" in spec.lessons  # what the gates found
    assert "crab-standard" in spec.lessons
    assert spec.task == "Add a function that adds two"
    (event,) = escalated(report)
    assert (event["from"], event["to"]) == ("crab-standard", "crab-advanced")
    assert (event["failed"], event["needed"], event["overridden"]) == (2, 2, "")
    last = report.attempts[-1].check
    assert last is not None
    # The advanced definition does not ask for documentation; going up makes the demands no softer.
    verdicts = {verdict.gate: verdict for verdict in last.verdicts}
    assert verdicts["undocumented_functions"].status == "PASS"
    assert verdicts["premature_escalation"].reason.startswith("2 attempts of crab-standard had failed")
    assert git(project, "show", f"{report.branch}:src/two.rs") + "\n" == GOOD


def test_nobody_goes_up_before_enough_attempts_failed(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(write("src/two.rs", BAD))
    report = run_task(request(project, recording, agent="crab-standard", repairs=0), engine=engine)
    assert report.outcome is Outcome.REFUSED
    assert "crab-advanced may follow after 2 failed attempts of crab-standard, and 1 are recorded" in (
        report.reason
    )
    assert escalated(report) == []


def test_a_person_may_allow_it_earlier_and_the_reason_is_shown(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(write("src/two.rs", BAD), write("src/two.rs", GOOD))
    wanted = request(
        project, recording, agent="crab-standard", repairs=0, override_escalation="the release is today"
    )
    report = run_task(wanted, engine=engine)
    assert report.outcome is Outcome.DELIVERED, report.reason
    assert escalated(report)[0]["overridden"] == "the release is today"
    assert any("allowed by a person (the release is today)" in note for note in report.notes)
    check = report.attempts[-1].check
    assert check is not None
    (gate,) = [verdict for verdict in check.verdicts if verdict.gate == "premature_escalation"]
    assert "the release is today" in gate.findings[0].message


def test_the_same_failure_twice_ends_the_repairs_early(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(write("src/two.rs", BAD), nothing, write("src/two.rs", GOOD))
    report = run_task(request(project, recording, agent="crab-standard", repairs=3), engine=engine)
    assert report.outcome is Outcome.DELIVERED
    assert engine.keys == ["attempt-1", "repair-1", "attempt-2"]
    assert "two tries in a row failed in the same way" in str(escalated(report)[0]["cause"])


def test_progress_is_given_its_repairs(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(write("src/two.rs", WORSE), write("src/two.rs", BAD), write("src/two.rs", GOOD))
    report = run_task(request(project, recording, agent="crab-standard", repairs=3), engine=engine)
    assert report.outcome is Outcome.DELIVERED
    assert engine.keys == ["attempt-1", "repair-1", "repair-2"]
    assert escalated(report) == []


def test_the_work_that_failed_is_kept_when_the_last_agent_leaves_nothing(
    project: Path, recording: Path
) -> None:
    engine = ScriptedEngine(write("src/two.rs", BAD), nothing, nothing)
    report = run_task(request(project, recording, agent="crab-standard"), engine=engine)
    assert report.outcome is Outcome.UNDECIDED
    worktree = Path(next(note for note in report.notes if "not delivered" in note).split(" is in ")[1])
    assert (worktree / "src" / "two.rs").read_text() == BAD


def test_going_up_has_an_end(make: Callable[..., Path], recording: Path) -> None:
    # Each asks that the other failed first: the circle is gone through once.
    project = make(a_one=RULES + after("a-two", 1), a_two=RULES + after("a-one", 1))
    engine = ScriptedEngine(write("src/two.rs", BAD), write("src/two.rs", BAD))
    wanted = request(project, recording, agent="a-one", repairs=0, override_escalation="to see the end")
    report = run_task(wanted, engine=engine)
    assert report.outcome is Outcome.REFUSED
    assert who(report) == ["a-one", "a-two"]


def test_money_is_one_limit_for_all_rungs(project: Path, recording: Path) -> None:
    def dear(spec: AttemptSpec) -> AttemptResult:
        from ironwright.records.report import Usage

        limits.append(spec.limits.max_usd)
        write("src/two.rs", BAD if len(limits) % 2 else WORSE)(spec)
        return result(spec, usage=Usage(requests=1, dollars=0.4))

    limits: list[float | None] = []
    engine = ScriptedEngine(dear, dear, dear, dear)
    wanted = request(project, recording, agent="crab-standard", repairs=1, max_usd=1.0)
    report = run_task(wanted, engine=engine)
    assert report.outcome is Outcome.REFUSED
    assert limits == [pytest.approx(1.0), pytest.approx(0.6), pytest.approx(0.2)]
    assert who(report) == ["crab-standard", "crab-standard", "crab-advanced"]
    assert "all $1 are used" in report.reason


def test_a_run_goes_on_in_the_middle_of_its_ladder(project: Path, recording: Path) -> None:
    from ironwright.records.errors import ModelError
    from ironwright.session.attempt import Stopped

    def fail(spec: AttemptSpec) -> AttemptResult:
        error = ModelError("the provider is down", advice="Wait a while.")
        return result(spec, stopped=Stopped.ERROR, reason=error.what, error=error)

    engine = ScriptedEngine(write("src/two.rs", BAD), nothing, fail)
    report = run_task(request(project, recording, agent="crab-standard"), engine=engine)
    assert report.outcome is Outcome.FAILED
    later = ScriptedEngine(write("src/two.rs", GOOD))
    done = resume_run(report.run_id, project, engine=later)
    assert done.outcome is Outcome.DELIVERED
    assert later.keys == ["attempt-2-try-2"]
    assert later.specs[0].agent.name == "crab-advanced"
    assert later.specs[0].lessons == engine.specs[2].lessons
    assert len(escalated(done)) == 1
