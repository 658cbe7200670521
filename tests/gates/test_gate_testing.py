from __future__ import annotations

import pytest

from ironwright.records.journal import EventKind, read_journal
from ironwright.records.verdict import Status
from ironwright.testing.gate_testing import MANIFEST, Case, SmallCrate, run_gate

LONG = "// x\n" * 201


def test_a_gate_runs_in_a_folder_of_its_own_that_is_taken_away():
    verdict = run_gate("oversized_files", {}, {"src/a.rs": LONG})
    assert verdict.gate == "oversized_files"
    assert verdict.status == Status.FAIL
    assert verdict.evidence


def test_the_crate_is_a_real_repository_with_two_commits(tmp_path):
    run_gate("oversized_files", {"src/lib.rs": "// a\n"}, {"src/lib.rs": "// b\n"}, folder=tmp_path)
    crate = tmp_path / "crate"
    assert (crate / "Cargo.toml").read_text() == MANIFEST
    assert (crate / "src/lib.rs").read_text() == "// b\n"
    assert (crate / ".git").is_dir()


def test_a_small_crate_commits_and_removes_files(tmp_path):
    crate = SmallCrate(tmp_path / "crate")
    first = crate.commit({"a.txt": "a", "b/c.txt": b"\xff"})
    second = crate.commit({"a.txt": None}, "Take it out")
    assert crate.repository.parent(second) == first
    assert set(crate.repository.entries(crate.repository.tree_of(second))) == {"b/c.txt"}


def test_the_journal_of_a_case_is_a_valid_one(tmp_path):
    events = [(EventKind.ATTEMPT_STARTED, {}), (EventKind.RUN_ENDED, {})]
    run_gate("skipped_commands", {}, {"src/lib.rs": ""}, journal=events, folder=tmp_path)
    kinds = [event.kind for event in read_journal(tmp_path / "journal.jsonl")]
    assert kinds == [EventKind.ATTEMPT_STARTED, EventKind.RUN_ENDED]


def test_an_unknown_parameter_is_an_error():
    with pytest.raises(ValueError, match="no parameter 'lines'"):
        run_gate("oversized_files", {}, {"src/a.rs": ""}, params={"lines": 1})


def test_a_gate_that_breaks_does_not_look_like_one_that_answers():
    with pytest.raises(TypeError):
        run_gate("oversized_files", {}, {"src/a.rs": "// x\n"}, params={"max_lines": "many"})


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (Case("wrong status", head={"src/a.rs": LONG}), "expected PASS, got oversized_files FAIL"),
        (Case("wrong text", head={"src/a.rs": ""}, mentions=("no such words",)), "'no such words' is not in"),
        (Case("wrong number", head={"src/a.rs": ""}, findings=3), "expected 3 findings"),
        (Case("wrong place", head={"src/a.rs": ""}, at=("src/a.rs", 7)), "no finding at src/a.rs:7"),
    ],
)
def test_a_case_that_is_not_so_says_what_came_instead(case, says, tmp_path):
    with pytest.raises(AssertionError) as caught:
        case.expecting("oversized_files", Status.PASS).verify(tmp_path)
    assert says in str(caught.value)
