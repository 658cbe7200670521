"""The folders of runs: made, found, listed, locked; every file in them is written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ironwright.records.errors import RunError, StorageError
from ironwright.records.paths import ProjectPaths, state_home
from ironwright.records.report import Outcome
from ironwright.workflow.request import RunRequest

RUN_SCHEMA = 1
WORKFLOW_VERSION = "2"
"""Raised when the order or meaning of a run's durable steps changes, so that an old run is not misread."""

_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """``run.json``: what a run was started with; never changed afterwards.

    Attributes:
        run_id: Short, unique, sorts by time.
        created: When, ISO 8601 in UTC.
        request: What the user asked.
        repository: The top of the user's checkout.
        base: The commit that it starts from.
        branch: The run's branch.
        workflow: Version of the durable steps.
    """

    run_id: str
    created: str
    request: RunRequest
    repository: Path
    base: str
    branch: str
    workflow: str = WORKFLOW_VERSION

    def as_json(self) -> dict[str, Any]:
        """The record as JSON data."""
        return {
            "schema": RUN_SCHEMA,
            "workflow": self.workflow,
            "id": self.run_id,
            "created": self.created,
            "repository": str(self.repository),
            "base": self.base,
            "branch": self.branch,
            "request": self.request.as_json(),
        }


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's folder.

    Attributes:
        path: ``.ironwright/runs/<run-id>``, or its place among the user's state.
    """

    path: Path

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """``journal.jsonl``."""
        return self.path / "journal.jsonl"

    @property
    def database(self) -> Path:
        """The durable steps' SQLite file."""
        return self.path / "steps.sqlite"

    @property
    def plan(self) -> Path:
        """``plan.json``: what the run was decided to be."""
        return self.path / "plan.json"

    @property
    def recordings(self) -> Path:
        """Answers of models that were paid for, until the run ends."""
        return self.path / "recordings"

    @property
    def answers(self) -> Path:
        """The user's answers to the run's questions."""
        return self.path / "answers.json"

    @property
    def report(self) -> Path:
        """``report.json``."""
        return self.path / "report.json"

    def record(self) -> RunRecord:
        """Read ``run.json``.

        Raises:
            RunError: It is missing or damaged, or another version wrote it.
        """
        path = self.path / "run.json"
        data = read_json(path)
        if data.get("schema") != RUN_SCHEMA:
            raise RunError(
                f"the run has schema version {data.get('schema')}, this program reads {RUN_SCHEMA}",
                where=str(path),
                advice="Use the version of Ironwright that made it.",
            )
        try:
            return RunRecord(
                run_id=data["id"],
                created=data["created"],
                request=RunRequest.from_json(data["request"]),
                repository=Path(data["repository"]),
                base=data["base"],
                branch=data["branch"],
                workflow=data["workflow"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"the run's record is damaged ({error})", where=str(path)) from error

    def read_report(self) -> dict[str, Any] | None:
        """``report.json`` as data, or None while there is none.

        Raises:
            RunError: It is damaged.
        """
        return read_json(self.report) if self.report.exists() else None

    def outcome(self) -> Outcome:
        """How the run ended or stands: a run whose process died without a word is INTERRUPTED.

        Raises:
            RunError: Its report is damaged.
        """
        if self.is_running():
            return Outcome.RUNNING
        report = self.read_report()
        if report is None:
            return Outcome.INTERRUPTED
        try:
            return Outcome(report["outcome"])
        except (KeyError, ValueError) as error:
            raise RunError(f"report.json is damaged ({error})", where=str(self.report)) from error

    def is_running(self) -> bool:
        """Whether a living process works on this run."""
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process; the lock dies with the process, however it dies.

        Raises:
            RunError: Another process works on this run, or the folder cannot be written.
        """
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        try:
            if not _take(handle):
                raise RunError(
                    "another process is working on this run",
                    where=self.run_id,
                    advice="Wait for it to end; `ironwright runs show` tells how far it is.",
                )
            yield
        finally:
            os.close(handle)


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One line of a list of runs.

    Attributes:
        run_id: The run's id.
        outcome: How it ended or stands; None where its folder is damaged.
        task: The task, empty where the folder is damaged.
        created: When, empty where the folder is damaged.
        agent: The agent's name, or empty.
        problem: What is wrong with the folder, or empty.
    """

    run_id: str
    outcome: Outcome | None
    task: str
    created: str
    agent: str = ""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The line as JSON data."""
        return {
            "run": self.run_id,
            "outcome": self.outcome.value if self.outcome else None,
            "task": self.task,
            "created": self.created,
            "agent": self.agent,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class RunStore:
    """The runs of one project: in ``.ironwright/runs``, and among the user's state where that is read-only.

    Attributes:
        project: The repository's places.
    """

    project: ProjectPaths

    @property
    def places(self) -> tuple[Path, ...]:
        """Where runs are looked for."""
        return (self.project.runs, state_home() / "runs" / self.project.key)

    def create(self, record: RunRecord, plan: Mapping[str, Any]) -> tuple[RunFolder, str]:
        """Make a run's folder with its ``run.json`` and ``plan.json``; it appears whole or not at all.

        Returns:
            The folder, and a remark where it is not in the project; else an empty text.

        Raises:
            RunError: It can be written nowhere.
        """
        problem: OSError | None = None
        for place, note in zip(
            self.places,
            ("", f"{self.project.runs} cannot be written: the run's folder is {self.places[1]}"),
            strict=True,
        ):
            try:
                place.mkdir(parents=True, exist_ok=True)
                ignore = place / ".gitignore"
                if not ignore.exists():
                    write_whole(ignore, b"*\n")
                fresh = place / f".{record.run_id}"
                fresh.mkdir(mode=0o700)
                write_json(fresh / "run.json", record.as_json())
                write_json(fresh / "plan.json", plan)
                folder = place / record.run_id
                fresh.rename(folder)
                return RunFolder(folder), note
            except RunError as error:
                problem = error.__cause__ if isinstance(error.__cause__, OSError) else OSError(error.what)
            except OSError as error:
                problem = error
        assert problem is not None
        raise _unwritable(self.places[1], problem)

    def find(self, wanted: str) -> RunFolder:
        """The run whose id starts with a text.

        Raises:
            RunError: None or several do.
        """
        ids = {folder.run_id: folder for folder in self._folders()}
        if wanted in ids:
            return ids[wanted]
        matching = sorted(run_id for run_id in ids if wanted and run_id.startswith(wanted))
        if len(matching) == 1:
            return ids[matching[0]]
        if matching:
            raise RunError(
                f"{len(matching)} runs start with {wanted!r}",
                advice=f"Give more of the id: {', '.join(matching[:5])}.",
            )
        advice = "`ironwright runs list` shows them all." if ids else "There are no runs in this project yet."
        raise RunError(f"there is no run {wanted!r}", where=str(self.project.runs), advice=advice)

    def list(self) -> tuple[ListedRun, ...]:
        """Every run, newest first; a damaged folder is listed with what is wrong with it."""
        folders = sorted(self._folders(), key=lambda folder: folder.run_id, reverse=True)
        return tuple(_listed(folder) for folder in folders)

    def _folders(self) -> Iterator[RunFolder]:
        for place in self.places:
            if place.is_dir():
                for path in sorted(place.iterdir()):
                    if path.is_dir() and not path.name.startswith("."):
                        yield RunFolder(path)


def new_run_id(created: str) -> str:
    """A run's id: date and time to the second and four random letters, ``20260131-120000-k3x9``."""
    moment = datetime.fromisoformat(created)
    tail = "".join(secrets.choice(_ID_ALPHABET) for _ in range(4))
    return f"{moment:%Y%m%d-%H%M%S}-{tail}"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there in full or as it was before.

    Raises:
        RunError: It cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(fresh, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise _unwritable(path, error) from error


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write data as an indented JSON file, whole or not at all.

    Raises:
        RunError: It cannot be written.
    """
    write_whole(path, (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        RunError: It is missing, unreadable or holds something else.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise RunError(f"{path.name} cannot be read ({error.strerror})", where=str(path)) from error
    except ValueError as error:
        raise RunError(f"{path.name} is damaged: {error}", where=str(path)) from error
    if not isinstance(data, dict):
        raise RunError(f"{path.name} is damaged: it holds no object", where=str(path))
    return data


def _listed(folder: RunFolder) -> ListedRun:
    try:
        record = folder.record()
        outcome = folder.outcome()
        report = folder.read_report()
    except RunError as error:
        return ListedRun(folder.run_id, None, "", "", problem=error.what)
    agent = str(report.get("agent", "")) if report else record.request.agent or ""
    return ListedRun(folder.run_id, outcome, record.request.task, record.created, agent)


def _take(handle: int) -> bool:
    """Take a lock; a moment's patience, as whoever lists runs holds it for an instant."""
    for wait in (0.05, 0.1, 0.2, 0.0):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(wait)
        else:
            return True
    return False


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"the run's folder cannot be written ({error.strerror or error})",
        where=str(path),
        advice="Free some space or make the folder writable, then resume the run; where the repository "
        "cannot be written, runs are kept at the place that IRONWRIGHT_STATE_HOME names.",
    )
