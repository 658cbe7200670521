"""Runs that are over are removed when they are old; what can go on or stands nowhere else stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ironwright.host.git import open_repository
from ironwright.records.report import Outcome, RunReport
from ironwright.workflow.change import project_of
from ironwright.workflow.clean_runs import CleanedRun, clean_runs
from ironwright.workflow.launch import run_task
from ironwright.workflow.run_store import RunStore

from .conftest import git
from .test_run import BAD, GOOD, ScriptedEngine, request, with_agent, write


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.json"
    path.write_text('{"version": 1, "name": "none", "turns": [{"text": "unused"}]}')
    return path


@pytest.fixture
def project(repository: Path) -> Path:
    return with_agent(repository, "")


def folder_of(report: RunReport) -> Path:
    return Path(report.journal).parent


def aged(report: RunReport, days: float) -> RunReport:
    """A run whose report was written some days ago."""
    moment = time.time() - days * 86_400
    os.utime(folder_of(report) / "report.json", (moment, moment))
    return report


def delivered(project: Path, recording: Path) -> RunReport:
    report = run_task(request(project, recording), engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert report.outcome is Outcome.DELIVERED
    return report


def refused(project: Path, recording: Path) -> RunReport:
    report = run_task(request(project, recording, repairs=0), engine=ScriptedEngine(write("src/two.rs", BAD)))
    assert report.outcome is Outcome.REFUSED
    return report


def clean(project: Path, **options: object) -> dict[str, CleanedRun]:
    repository = open_repository(project)
    found = clean_runs(repository, project_of(repository), **({"days": 30.0} | options))  # type: ignore[arg-type]
    return {run.run_id: run for run in found}


def test_old_delivered_runs_go_and_their_branches_stay(project: Path, recording: Path) -> None:
    old = aged(delivered(project, recording), 31)
    young = aged(delivered(project, recording), 29)
    cleaned = clean(project)
    assert cleaned[old.run_id].removed
    assert cleaned[old.run_id].freed > 1000
    assert cleaned[young.run_id].reason == "kept: it ended 29 days ago"
    assert not folder_of(old).exists()
    assert folder_of(young).is_dir()
    branches = git(project, "branch", "--list", "--format=%(refname:short)").split()
    assert {old.branch, young.branch} <= set(branches)
    assert git(project, "rev-parse", old.branch) == old.head
    assert [path.name for path in folder_of(old).parent.iterdir() if path.name.startswith(".removed")] == []


def test_a_dry_run_says_the_same_and_removes_nothing(project: Path, recording: Path) -> None:
    old = aged(delivered(project, recording), 31)
    said = clean(project, dry_run=True)
    assert said[old.run_id].removed
    assert folder_of(old).is_dir()
    assert clean(project) == said


def test_work_that_was_not_delivered_is_kept_until_it_is_asked_for(project: Path, recording: Path) -> None:
    old = aged(refused(project, recording), 400)
    area = project_of(open_repository(project)).worktrees / old.run_id
    assert str(area) in clean(project)[old.run_id].reason
    assert (area / old.run_id / "src" / "two.rs").is_file() or any(area.rglob("two.rs"))
    assert clean(project, undelivered=True)[old.run_id].removed
    assert not area.exists()
    assert not folder_of(old).exists()
    assert len(git(project, "worktree", "list").splitlines()) == 1


def test_a_run_that_can_go_on_or_works_now_is_never_removed(project: Path, recording: Path) -> None:
    interrupted = aged(delivered(project, recording), 400)
    (folder_of(interrupted) / "report.json").unlink()
    working = aged(delivered(project, recording), 400)
    store = RunStore(project_of(open_repository(project)))
    with store.find(working.run_id).locked():
        cleaned = clean(project, days=0, undelivered=True)
    assert cleaned[interrupted.run_id].reason == "kept: interrupted, so it can go on"
    assert cleaned[working.run_id].reason == "kept: running, so it can go on"
    assert folder_of(interrupted).is_dir()
    assert folder_of(working).is_dir()


def test_a_cleaning_that_was_killed_is_finished_by_the_next(project: Path, recording: Path) -> None:
    old = delivered(project, recording)
    leaving = folder_of(old).with_name(f".removed-{old.run_id}")
    folder_of(old).rename(leaving)
    assert clean(project, dry_run=True) == {}
    assert leaving.is_dir()
    assert clean(project) == {}
    assert not leaving.exists()
