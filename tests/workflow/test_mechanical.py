"""The mechanical tier repairs what the toolchain can repair alone, before a model is paid, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ironwright.records.journal import EventKind, read_journal
from ironwright.records.report import Outcome, RunReport
from ironwright.workflow.launch import run_task

from .conftest import git
from .test_run import ScriptedEngine, nothing, request, write

FORMATTED = "- All code must be formatted with `cargo fmt`.\n"
LINTED = "- `cargo clippy` must report no warnings.\n"
TESTED = "- All tests must pass.\n"
DOCUMENTED = "- Every public function must have a doc comment.\n"
UGLY = "//! Two.\n\n/// The number after the next one.\npub fn add_two(n: i32) -> i32 { n   + 2 }\n"
NEAT = "//! Two.\n\n/// The number after the next one.\npub fn add_two(n: i32) -> i32 {\n    n + 2\n}\n"
CLUMSY = (
    "//! Two.\n\n/// The number after the next one.\npub fn add_two(n: i32) -> i32 {\n    return n + 2;\n}\n"
)
# No suggestion of clippy's for too many arguments can be applied by machine.
STUBBORN = (
    "//! Two.\n\n/// Sums all.\n"
    "pub fn sum(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {\n"
    "    a + b + c + d + e + f + g + h\n}\n"
)
LIBRARY = (
    "//! A tiny crate.\n\npub mod old;\npub mod two;\n\n/// Adds one.\n"
    "pub fn add_one(n: i32) -> i32 {\n    n + 1\n}\n"
)
OLD_UGLY = "//! Old.\n\n/// Ugly before anybody came.\npub fn old()   {}\n"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.json"
    path.write_text('{"version": 1, "name": "none", "turns": [{"text": "unused"}]}')
    return path


@pytest.fixture
def project(repository: Path) -> Callable[[str], Path]:
    def make(rules: str) -> Path:
        agents = repository / ".claude" / "agents"
        agents.mkdir(parents=True)
        (agents / "tidy.md").write_text(f"---\nname: tidy\ndescription: Works on crates.\n---\n{rules}")
        (repository / "src" / "lib.rs").write_text(LIBRARY)
        (repository / "src" / "old.rs").write_text(OLD_UGLY)
        (repository / "src" / "two.rs").write_text("//! Two.\n")
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "-m", "Add the agent")
        return repository

    return make


def events(report: RunReport, kind: EventKind) -> list[dict[str, object]]:
    return [dict(event.data) for event in read_journal(Path(report.journal)) if event.kind is kind]


def test_unformatted_work_is_formatted_without_asking_the_agent_again(
    project: Callable[[str], Path], recording: Path
) -> None:
    folder = project(FORMATTED)
    engine = ScriptedEngine(write("src/two.rs", UGLY))
    report = run_task(request(folder, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED, report.reason
    assert engine.keys == ["attempt-1"]
    assert git(folder, "show", f"{report.branch}:src/two.rs") + "\n" == NEAT
    # What nobody touched and no gate named stays as it was, however ugly.
    assert git(folder, "show", f"{report.branch}:src/old.rs") + "\n" == OLD_UGLY
    (ended,) = events(report, EventKind.MECHANICAL_ENDED)
    assert ended["changed"] == ["src/two.rs"]
    assert ended["put_back"] == ["src/old.rs"]
    first, second = report.attempts
    assert (second.agent, second.model, second.usage.requests) == ("mechanical tier", "no model", 0)
    assert second.summary == "cargo fmt changed src/two.rs"
    assert first.check is not None
    assert first.check.status == "FAIL"
    assert (
        RunReport.from_json(json.loads((Path(report.journal).parent / "report.json").read_text())) == report
    )


@pytest.mark.slow
def test_what_clippy_can_apply_is_applied_and_judged(project: Callable[[str], Path], recording: Path) -> None:
    folder = project(FORMATTED + LINTED)
    engine = ScriptedEngine(write("src/two.rs", CLUMSY))
    report = run_task(request(folder, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert engine.keys == ["attempt-1"]
    assert git(folder, "show", f"{report.branch}:src/two.rs") + "\n" == NEAT
    assert events(report, EventKind.MECHANICAL_ENDED)[0]["changed"] == ["src/two.rs"]


def test_findings_that_need_somebody_who_thinks_go_to_the_agent_at_once(
    project: Callable[[str], Path], recording: Path
) -> None:
    folder = project(FORMATTED + DOCUMENTED)
    engine = ScriptedEngine(write("src/two.rs", "pub fn two()   {}\n"), write("src/two.rs", NEAT))
    report = run_task(request(folder, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert engine.keys == ["attempt-1", "repair-1"]
    assert events(report, EventKind.MECHANICAL_STARTED) == []


@pytest.mark.slow
def test_what_tools_cannot_repair_is_left_to_the_agent(
    project: Callable[[str], Path], recording: Path
) -> None:
    folder = project(LINTED)
    engine = ScriptedEngine(write("src/two.rs", STUBBORN), nothing)
    report = run_task(request(folder, recording, repairs=1), engine=engine)
    assert report.outcome is Outcome.REFUSED
    assert engine.keys == ["attempt-1", "repair-1"]
    assert [item["changed"] for item in events(report, EventKind.MECHANICAL_ENDED)] == [[], []]


@pytest.mark.slow
def test_a_tools_change_that_breaks_a_gate_is_taken_back(
    project: Callable[[str], Path], recording: Path
) -> None:
    folder = project(FORMATTED + TESTED)
    # A test that holds the file to its present layout: formatting it makes the test fail.
    pinned = (
        "//! Two.\n\n/// The number after the next one.\npub fn add_two(n: i32) -> i32 { n   + 2 }\n\n"
        "#[cfg(test)]\nmod tests {\n"
        "    #[test]\n    fn layout() {\n        assert_eq!(super::add_two(1), 3);\n"
        '        assert!(include_str!("two.rs").contains(concat!("n  ", " + 2")));\n    }\n}\n'
    )
    engine = ScriptedEngine(write("src/two.rs", pinned), write("src/two.rs", NEAT))
    report = run_task(request(folder, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert engine.keys == ["attempt-1", "repair-1"]
    (undone,) = events(report, EventKind.MECHANICAL_UNDONE)
    assert str(undone["reason"]).startswith("failing_tests, ")
    assert any("taken back" in note for note in report.notes)
    assert [attempt.agent for attempt in report.attempts] == ["tidy", "tidy"]
