import json

import pytest

from ironwright.host.git import open_repository
from ironwright.records.paths import outcomes_file
from ironwright.workflow.change import project_of
from ironwright.workflow.outcome_store import (
    AttemptOutcome,
    FindingShape,
    GateOutcome,
    Outcomes,
    OutcomeStore,
)


@pytest.fixture
def runs(crate):
    """Three runs of the repository whose work was refused alike, and then passed."""
    project = project_of(open_repository(crate)).key
    store = OutcomeStore(outcomes_file())
    store.forget()
    for number in (1, 2, 3):
        run = f"run-{number}"
        both = tuple(
            AttemptOutcome(
                run, place, project, f"2026-1{number % 2}-01T00:00:00+00:00", "fix", "d" * 16, "engineer",
                "anthropic:m", 1, False, "finished", verdict, 4, 1000, 50, 0, 0, 0.5, 2.0, "delivered",
            )
            for place, verdict in ((1, "FAIL"), (2, "PASS"))
        )  # fmt: skip
        gates = tuple(
            GateOutcome(run, place, "stub_tests", verdict, "hard", 1, 0.1)
            for place, verdict in ((1, "FAIL"), (2, "PASS"))
        )
        shapes = (FindingShape(run, 1, "stub_tests", "the test … asserts nothing", 1),)
        store.add(Outcomes(both, gates, shapes))
    yield store
    store.forget()


def test_stats_show_who_proved_what_at_which_cost(cli, crate, runs):
    told = cli("stats", cwd=crate, env={"COLUMNS": "120"})
    assert told.code == 0, told.err
    assert "3 runs here: 3 delivered" in told.out
    assert "engineer with anthropic:m" in told.out
    assert "3 of 3" in told.out
    assert "█" in told.out
    assert "stub_tests" in told.out
    data = json.loads(cli("stats", "--format", "json", cwd=crate).out)
    assert (data["runs"], data["turns"], data["dollars"]) == (3, 24, 3.0)
    assert data["choices"][0]["dollars_each"] == 1.0
    exported = json.loads(cli("stats", "--export", cwd=crate).out)
    assert len(exported["attempts"]) == 6
    assert exported["attempts"][0]["kind"] == "fix"


def test_another_repository_has_its_own(cli, crate, runs):
    elsewhere = cli("stats", "--repo", str(crate), "--everywhere", cwd=crate.parent)
    assert "3 runs everywhere" in elsewhere.out
    runs.forget(project_of(open_repository(crate)).key)
    empty = cli("stats", cwd=crate)
    assert (empty.code, empty.out) == (0, "")
    assert "no run has ended here yet" in empty.err


def test_lessons_are_offered_and_noted_only_on_a_yes(cli, crate, runs):
    offered = cli("stats", "lessons", cwd=crate)
    assert offered.code == 0, offered.err
    assert "stub_tests refused work in 3 runs here: the test … asserts nothing" in offered.out
    assert "--keep ID" in offered.err
    assert not (crate / ".ironwright" / "memory").exists()
    (lesson,) = json.loads(cli("stats", "lessons", "--format", "json", cwd=crate).out)["lessons"]
    kept = cli("stats", "lessons", "--keep", lesson["id"][:4], cwd=crate)
    assert kept.code == 0, kept.err
    assert "asserts nothing" in cli("memory", "list", cwd=crate).out
    assert "nothing was refused" in cli("stats", "lessons", cwd=crate).err
    wrong = cli("stats", "lessons", "--keep", "zzz", cwd=crate)
    assert wrong.code == 2
    assert "no lesson begins with 'zzz'" in wrong.err


def test_nothing_is_forgotten_without_a_yes(cli, crate, runs):
    unasked = cli("stats", "--forget", cwd=crate)
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert len(runs.read().attempts) == 6
    told = cli("stats", "--forget", "--yes", cwd=crate)
    assert (told.code, told.err) == (0, "3 runs forgotten\n")
    assert runs.read().attempts == ()


def test_a_damaged_store_is_an_error_with_its_place(cli, crate, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "outcomes.sqlite").write_text("no database at all" * 100)
    told = cli("stats", cwd=crate, env={"IRONWRIGHT_STATE_HOME": str(tmp_path / "state")})
    assert told.code == 3
    assert "outcomes.sqlite" in told.err
