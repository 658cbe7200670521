"""What is kept of ended runs, what it adds up to, and what is offered as a note."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.records.errors import StorageError
from ironwright.records.paths import ProjectPaths
from ironwright.records.report import AttemptSummary, CheckReport, HandoffSummary, Outcome, RunReport, Usage
from ironwright.records.verdict import Finding, Status, Verdict
from ironwright.workflow.learning import learn, lessons, outcomes_of, shape_of, task_digest
from ironwright.workflow.mechanical import NO_MODEL, TIER
from ironwright.workflow.memory import ProjectMemory
from ironwright.workflow.outcome_store import Outcomes, OutcomeStore, tallies
from ironwright.workflow.statistics import statistics

ENDED = "2026-11-21T01:02:03+00:00"
SECRET_TASK = "Fix the panic in src/vault.rs, the password is hunter2"


def checked(status: Status, *findings: Finding, gate: str = "oversized_files") -> CheckReport:
    verdict = Verdict(gate, status, "because", findings, seconds=0.1)
    return CheckReport("c", "b", "h", "b", "h", (verdict,))


def attempt(number: int, status: Status | None, *findings: Finding, **changes: object) -> AttemptSummary:
    made = AttemptSummary(
        number,
        "standard",
        "anthropic:cheap",
        "finished",
        "I did it, hunter2",
        Usage(3, 100, 20, 0, 0, 0.25),
        1.5,
        None if status is None else checked(status, *findings),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def report(run: str, outcome: Outcome, *attempts: AttemptSummary, task: str = SECRET_TASK) -> RunReport:
    return RunReport(
        run_id=run,
        task=task,
        outcome=outcome,
        reason="",
        agent="standard",
        route_reason="",
        repository="/r",
        base="b",
        branch="x",
        head=None,
        attempts=attempts,
        commits=(),
        usage=Usage(),
        seconds=1.0,
        journal="j",
    )


def long_file(name: str, lines: int) -> Finding:
    return Finding(name, 1, f"`{name}` has {lines} lines, more than 200")


ESCALATED = report(
    "r1",
    Outcome.DELIVERED,
    attempt(1, Status.FAIL, long_file("src/a.rs", 301)),
    attempt(2, Status.FAIL, long_file("src/a.rs", 240)),
    attempt(3, Status.PASS, agent="advanced", model="anthropic:strong", usage=Usage(5, 10, 2, 0, 0, 1.0)),
)


@pytest.fixture
def store(tmp_path: Path) -> OutcomeStore:
    return OutcomeStore(tmp_path / "deep" / "outcomes.sqlite")


def test_a_run_is_kept_once_however_often_it_is_told(store: OutcomeStore) -> None:
    project = ProjectPaths(Path("/r"))
    for _ in range(3):
        told = learn(ESCALATED, project, ENDED, store)
        assert told is ESCALATED
    kept = store.read()
    assert [item.number for item in kept.attempts] == [1, 2, 3]
    assert [item.tried for item in kept.attempts] == [1, 1, 2]
    assert [item.escalated for item in kept.attempts] == [False, False, True]
    assert kept == outcomes_of(ESCALATED, project.key, ENDED)
    assert store.read("another-project") == Outcomes(())


def test_nothing_of_the_task_the_code_or_the_agent_s_words_is_kept(store: OutcomeStore) -> None:
    learn(ESCALATED, ProjectPaths(Path("/r")), ENDED, store)
    raw = b"".join(path.read_bytes() for path in store.path.parent.iterdir())
    for secret in (b"hunter2", b"vault", b"src/a.rs", b"I did it"):
        assert secret not in raw
    assert task_digest(SECRET_TASK).encode() in raw
    assert task_digest(" fix THE  panic") == task_digest("Fix the panic")


def test_a_try_with_its_repairs_counts_once_and_costs_what_all_of_it_cost() -> None:
    known = {item.agent: item for item in tallies(outcomes_of(ESCALATED, "p", ENDED).attempts)}
    standard, advanced = known["standard"], known["advanced"]
    assert (standard.tried, standard.proved, standard.dollars) == (1, 0, 0.5)
    assert (advanced.tried, advanced.proved, advanced.dollars) == (1, 1, 1.0)
    assert standard.kind == "fix"


def test_what_tools_repaired_belongs_to_the_try_that_they_repaired() -> None:
    tools = {"agent": TIER, "model": NO_MODEL, "usage": Usage()}
    run = report(
        "r",
        Outcome.DELIVERED,
        attempt(1, Status.FAIL, **tools),
        attempt(2, Status.FAIL),
        attempt(3, Status.FAIL, **tools),
        attempt(4, Status.FAIL),
        attempt(5, Status.PASS, **tools),
    )
    kept = outcomes_of(run, "p", ENDED).attempts
    assert [item.tried for item in kept] == [1, 2, 2, 2, 2]
    assert not any(item.escalated for item in kept)
    known = {item.model: item for item in tallies(kept)}
    assert (known["anthropic:cheap"].tried, known["anthropic:cheap"].proved) == (1, 1)
    assert known["anthropic:cheap"].dollars == 0.5
    assert (known[NO_MODEL].tried, known[NO_MODEL].proved) == (1, 0)


def handed_on(number: int, outcome: str, *attempts: AttemptSummary) -> HandoffSummary:
    asked = "Document every public function"
    return HandoffSummary(f"handoff-{number}", "doc", "m", asked, outcome, "", (), Usage(), attempts)


def test_handoffs_are_tries_of_whom_they_were_handed_to() -> None:
    doc = {"agent": "doc", "model": "anthropic:doc"}
    inner = handed_on(1, "answered", attempt(1, None, agent="expert", model="anthropic:expert"))
    merged = handed_on(
        2, "merged", attempt(1, Status.FAIL, **doc, handoffs=(inner,)), attempt(2, Status.PASS, **doc)
    )
    run = report("r", Outcome.DELIVERED, attempt(1, Status.FAIL, handoffs=(merged,)), attempt(2, Status.PASS))
    kept = outcomes_of(run, "p", ENDED)
    assert [(item.agent, item.tried, item.handoff) for item in kept.attempts] == [
        ("standard", 1, ""),
        ("doc", 2, "merged"),
        ("expert", 3, "answered"),
        ("doc", 2, "merged"),
        ("standard", 1, ""),
    ]
    assert not any(item.escalated for item in kept.attempts)
    known = {item.agent: item for item in tallies(kept.attempts)}
    assert (known["standard"].tried, known["standard"].proved, known["standard"].kind) == (1, 1, "fix")
    assert (known["doc"].tried, known["doc"].proved, known["doc"].kind) == (1, 1, "docs")
    assert (known["expert"].tried, known["expert"].priced) == (0, 1)
    assert sum(item.dollars for item in known.values()) == pytest.approx(1.25)
    assert {item.number for item in kept.verdicts} == {1, 2, 4, 5}


@pytest.mark.parametrize(
    ("last", "tried", "proved"),
    [
        (attempt(1, Status.PASS), 1, 1),
        (attempt(1, Status.FAIL), 1, 0),
        (attempt(1, Status.UNKNOWN), 0, 0),
        (attempt(1, None), 1, 0),
        (attempt(1, None, stopped="limit"), 1, 0),
        (attempt(1, None, stopped="error"), 0, 0),
        (attempt(1, None, stopped="interrupted"), 0, 0),
    ],
)
def test_only_what_was_judged_or_came_to_nothing_counts(
    last: AttemptSummary, tried: int, proved: int
) -> None:
    (tally,) = tallies(outcomes_of(report("r", Outcome.UNDECIDED, last), "p", ENDED).attempts)
    assert (tally.tried, tally.proved, tally.priced) == (tried, proved, 1)


def test_a_cost_that_is_not_known_is_not_taken_for_none() -> None:
    unpriced = attempt(1, Status.PASS, usage=Usage(1, 1, 1, 0, 0, None))
    outcomes = outcomes_of(report("r", Outcome.DELIVERED, unpriced), "p", ENDED)
    (tally,) = tallies(outcomes.attempts)
    assert (tally.tried, tally.priced, tally.dollars) == (1, 0, 0.0)
    found = statistics(outcomes)
    assert found.unpriced == 1
    assert found.choices[0].dollars_each is None


def test_statistics_add_up() -> None:
    second = report("r2", Outcome.REFUSED, attempt(1, Status.FAIL, long_file("b.rs", 900)))
    parts = [outcomes_of(one, "p", ended) for one, ended in ((ESCALATED, ENDED), (second, "2026-12-01T"))]
    both = Outcomes(*(sum((getattr(p, n) for p in parts), ()) for n in ("attempts", "verdicts", "shapes")))
    found = statistics(both)
    assert (found.runs, found.delivered, found.escalated, found.turns) == (2, 1, 1, 14)
    assert found.dollars == pytest.approx(1.75)
    assert found.months == (("2026-11", 1, 1, 1.5), ("2026-12", 1, 0, 0.25))
    assert found.choices[0].name == "standard with anthropic:cheap"
    assert (found.choices[0].tried, found.choices[0].proved) == (2, 0)
    (gate,) = found.gates
    assert (gate.gate, gate.judged, gate.failed, gate.findings) == ("oversized_files", 4, 3, 3)
    json.dumps(found.as_json())


def test_what_recurs_in_three_runs_is_offered_until_it_is_noted(tmp_path: Path, store: OutcomeStore) -> None:
    project = ProjectPaths(tmp_path)
    memory = ProjectMemory(project.memory)
    for number in (1, 2, 3):
        assert lessons(store.read(project.key).shapes, memory) == ()
        refused = attempt(1, Status.FAIL, long_file(f"src/{number}.rs", 200 + number))
        learn(report(f"r{number}", Outcome.REFUSED, refused), project, ENDED, store)
    (lesson,) = lessons(store.read(project.key).shapes, memory)
    assert (lesson.gate, lesson.shape, lesson.times) == ("oversized_files", "… has … lines, more than …", 3)
    assert lesson.runs == ("r1", "r2", "r3")
    memory.add(lesson.note("2026-11-21"))
    assert lessons(store.read(project.key).shapes, memory) == ()
    assert lessons(store.read("other").shapes, memory) == ()


def test_forgetting_leaves_other_repositories_and_no_trace_in_the_file(store: OutcomeStore) -> None:
    learn(ESCALATED, ProjectPaths(Path("/here")), ENDED, store)
    learn(replace(ESCALATED, run_id="r9"), ProjectPaths(Path("/there")), ENDED, store)
    assert store.forget(ProjectPaths(Path("/here")).key) == 1
    assert {item.run for item in store.read().attempts} == {"r9"}
    assert {item.run for item in store.read().verdicts} == {"r9"}
    assert store.forget() == 1
    assert store.read() == Outcomes(())
    raw = b"".join(path.read_bytes() for path in store.path.parent.iterdir())
    assert b"anthropic:cheap" not in raw
    assert store.forget() == 0


def test_a_missing_store_is_empty_and_reading_makes_no_file(store: OutcomeStore) -> None:
    assert store.read() == Outcomes(())
    assert store.forget() == 0
    assert not store.path.parent.exists()


def test_a_store_that_cannot_be_written_costs_a_remark_not_the_report(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = OutcomeStore(tmp_path / "file" / "outcomes.sqlite")
    told = learn(ESCALATED, ProjectPaths(Path("/r")), ENDED, blocked)
    assert told.outcome is Outcome.DELIVERED
    (note,) = told.notes
    assert note.startswith("nothing was learned from this run:")
    assert str(blocked.path) in note


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.sqlite"
    path.write_bytes(b"this is no database, whatever its name says" * 99)
    with pytest.raises(StorageError) as told:
        OutcomeStore(path).read()
    assert told.value.where == str(path)
    assert told.value.advice


def test_a_newer_version_s_file_is_not_touched(store: OutcomeStore) -> None:
    learn(ESCALATED, ProjectPaths(Path("/r")), ENDED, store)
    with sqlite3.connect(store.path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="schema 99"):
        store.read()


def test_runs_that_end_at_once_are_all_kept(store: OutcomeStore) -> None:
    def one(number: int) -> None:
        learned.append(learn(replace(ESCALATED, run_id=f"r{number}"), ProjectPaths(Path("/r")), ENDED, store))

    learned: list[RunReport] = []
    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item.notes for item in learned] == [()] * 8
    assert len({item.run for item in store.read().attempts}) == 8


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("`parse` has no documentation", "… has no documentation"),
        ("tests::parse_empty failed with 3 errors\nleft: hunter2", "… failed with … errors"),
        ("the file /home/me/x.rs differs", "the file … differs"),
        ("this function's body isn't reached", "this function's body isn't reached"),
        ("", ""),
    ],
)
def test_a_shape_holds_no_names_and_no_numbers(message: str, shape: str) -> None:
    assert shape_of(Finding(None, None, message)) == shape


@given(st.text(), st.integers(0, 10**6))
def test_shapes_are_short_and_the_same_for_other_numbers(text: str, number: int) -> None:
    shape = shape_of(Finding(None, None, text))
    assert len(shape) <= 160
    assert shape_of(Finding(None, None, f"has {number} lines")) == "has … lines"
