"""Removes what runs that are over left on disk; their branches, and work that stands nowhere else, stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ironwright.host import clock
from ironwright.host.git import Repository
from ironwright.records.errors import RunError
from ironwright.records.paths import ProjectPaths
from ironwright.records.report import Outcome
from ironwright.workflow.plan import Plan
from ironwright.workflow.run_store import RunFolder, RunStore, read_json
from ironwright.workflow.worktree import workspace_for

_OVER = frozenset((Outcome.DELIVERED, Outcome.REFUSED, Outcome.UNDECIDED))
"""Outcomes after which nothing more happens; every other run can go on, and is kept."""
_LEAVING = ".removed-"
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class CleanedRun:
    """What became, or would become, of one run.

    Attributes:
        run_id: The run's id.
        removed: Whether its folder goes.
        reason: Why, or why not, as words.
        freed: Bytes that its files took; 0 where it is kept.
    """

    run_id: str
    removed: bool
    reason: str
    freed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The line as JSON data."""
        return {"run": self.run_id, "removed": self.removed, "reason": self.reason, "bytes": self.freed}


def clean_runs(
    repository: Repository,
    project: ProjectPaths,
    *,
    days: float,
    undelivered: bool = False,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[CleanedRun, ...]:
    """Remove the folders of runs that ended long enough ago.

    A run that can still go on (interrupted, failed, waiting) or that is damaged is never removed, and the
    branch of none. A run whose worktree holds work that was not delivered is kept, unless ``undelivered``.

    Args:
        repository: The user's repository.
        project: Its places.
        days: How many days ago a run must have ended.
        undelivered: Remove worktrees with undelivered work, and their runs, as well.
        dry_run: Only say what would be done.
        progress: Told what is being removed.

    Raises:
        RunError: Something cannot be removed; what was removed before is gone.
    """
    return tuple(_cleaned(repository, project, days, undelivered, dry_run, progress))


def _cleaned(
    repository: Repository,
    project: ProjectPaths,
    days: float,
    undelivered: bool,
    dry_run: bool,
    progress: Callable[[str], None],
) -> Iterator[CleanedRun]:
    store = RunStore(project)
    if not dry_run:
        _finish_removals(store)
    for run in reversed(store.list()):
        if run.outcome is None:
            yield CleanedRun(run.run_id, False, f"kept: {run.problem}")
            continue
        if run.outcome not in _OVER:
            yield CleanedRun(run.run_id, False, f"kept: {run.outcome.value}, so it can go on")
            continue
        folder = store.find(run.run_id)
        age = (_seconds(clock.now()) - _ended(folder)) / _SECONDS_A_DAY
        if age < days:
            yield CleanedRun(run.run_id, False, f"kept: it ended {_days(age)} ago")
            continue
        area = project.worktrees / run.run_id
        if area.exists() and not undelivered:
            yield CleanedRun(run.run_id, False, f"kept: {area} holds work that was not delivered")
            continue
        freed = _size(folder.path) + _size(area)
        if not dry_run:
            progress(f"removing run {run.run_id}")
            _remove(folder, repository, project)
        yield CleanedRun(run.run_id, True, f"{run.outcome.value} {_days(age)} ago", freed)


def _remove(folder: RunFolder, repository: Repository, project: ProjectPaths) -> None:
    """Remove a run's worktree, then its folder: at once from every list, then its files."""
    with folder.locked():
        if (project.worktrees / folder.run_id).exists():
            record, plan = folder.record(), Plan.from_json(read_json(folder.plan))
            workspace_for(
                repository, record.run_id, record.branch, record.base, project.worktrees, plan.identity
            ).remove()
        leaving = folder.path.with_name(f"{_LEAVING}{folder.run_id}")
        try:
            folder.path.rename(leaving)
            shutil.rmtree(leaving)
        except OSError as error:
            raise RunError(
                f"the run cannot be removed ({error.strerror or error})",
                where=str(error.filename or folder.path),
                advice="See who owns it, then clean again.",
            ) from error


def _finish_removals(store: RunStore) -> None:
    """Remove what a cleaning that was killed had already taken from every list."""
    for place in store.places:
        for leaving in place.glob(f"{_LEAVING}*"):
            shutil.rmtree(leaving, ignore_errors=True)


def _ended(folder: RunFolder) -> float:
    """When a run wrote its report, which is the last thing that it does."""
    return folder.report.stat().st_mtime


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def _size(folder: Path) -> int:
    if not folder.exists():
        return 0
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _days(age: float) -> str:
    return f"{age:.0f} days" if age >= 2 else f"{age * 24:.0f} hours"
