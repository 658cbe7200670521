"""What became of every attempt, kept in one SQLite file: numbers, names and shapes of findings, no text."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

from ironwright.records.errors import StorageError
from ironwright.routing.success_estimates import Tally

SCHEMA = 1
_BUSY_SECONDS = 10.0
_TABLES = """
CREATE TABLE attempts (
    run TEXT NOT NULL, number INTEGER NOT NULL, project TEXT NOT NULL, ended TEXT NOT NULL,
    kind TEXT NOT NULL, task TEXT NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL,
    try INTEGER NOT NULL, escalated INTEGER NOT NULL, stopped TEXT NOT NULL, verdict TEXT,
    requests INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL, dollars REAL,
    seconds REAL NOT NULL, outcome TEXT NOT NULL, handoff TEXT NOT NULL,
    PRIMARY KEY (run, number)
) STRICT;
CREATE TABLE verdicts (
    run TEXT NOT NULL, number INTEGER NOT NULL, gate TEXT NOT NULL, verdict TEXT NOT NULL,
    strength TEXT NOT NULL, findings INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (run, number, gate)
) STRICT;
CREATE TABLE shapes (
    run TEXT NOT NULL, number INTEGER NOT NULL, gate TEXT NOT NULL, shape TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (run, number, gate, shape)
) STRICT;
CREATE INDEX attempts_of_project ON attempts (project);
"""
_WRITABLE = "Make room, or set IRONWRIGHT_STATE_HOME to a folder that can be written."


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """One attempt or repair of an ended run.

    Attributes:
        run: The run's id.
        number: Its place among the run's attempts, those of handoffs included, from 1.
        project: The repository's key (its folder's name and a digest of its path).
        ended: When the run ended, ISO 8601 in UTC.
        kind: The kind of task.
        task: A digest of the task's words, which tells the same task again.
        agent: Who worked.
        model: With which model, ``provider:id``.
        tried: Which try of the run it belongs to, from 1: an attempt with its repairs.
        escalated: Whether another agent or model had tried before in the run.
        stopped: Why it stopped.
        verdict: PASS, FAIL or UNKNOWN; None where it came to no check.
        requests: Model requests, its turns.
        input_tokens: As the provider counts them.
        output_tokens: The same.
        cache_read_tokens: The same.
        cache_write_tokens: The same.
        dollars: What it cost; None where no price is known.
        seconds: Wall time.
        outcome: How the run ended.
        handoff: What came of the handoff that it worked on (``merged``, ``answered``, …); empty for the run's
            own attempts.
    """

    run: str
    number: int
    project: str
    ended: str
    kind: str
    task: str
    agent: str
    model: str
    tried: int
    escalated: bool
    stopped: str
    verdict: str | None
    requests: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    dollars: float | None
    seconds: float
    outcome: str
    handoff: str = ""


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """A gate's verdict on one attempt: how many findings, not which."""

    run: str
    number: int
    gate: str
    verdict: str
    strength: str
    findings: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FindingShape:
    """Findings of one attempt that say the same but for names and numbers (``shape``), and how many."""

    run: str
    number: int
    gate: str
    shape: str
    times: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the store holds, or a part of it."""

    attempts: tuple[AttemptOutcome, ...]
    verdicts: tuple[GateOutcome, ...] = ()
    shapes: tuple[FindingShape, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The outcomes as JSON data; everything that is kept."""
        return {
            "schema": SCHEMA,
            "attempts": [asdict(item) for item in self.attempts],
            "verdicts": [asdict(item) for item in self.verdicts],
            "findings": [asdict(item) for item in self.shapes],
        }


class OutcomeStore:
    """The user's store of outcomes.

    Args:
        path: Its file; it need not exist, and reading does not make it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, outcomes: Outcomes) -> None:
        """Keep a run's outcomes; the same run again replaces what was kept of it.

        Raises:
            StorageError: They cannot be written, or another version of the program wrote the file.
        """
        with self._open(create=True) as database, database:
            for run in {item.run for item in outcomes.attempts}:
                for table in ("attempts", "verdicts", "shapes"):
                    database.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
            for table, rows in (
                ("attempts", outcomes.attempts),
                ("verdicts", outcomes.verdicts),
                ("shapes", outcomes.shapes),
            ):
                _insert(database, table, rows)

    def read(self, project: str | None = None) -> Outcomes:
        """What is kept, oldest first.

        Args:
            project: Of this repository only.

        Raises:
            StorageError: It cannot be read.
        """
        if not self.path.exists():
            return Outcomes(())
        of = "WHERE project = :project OR :project IS NULL"
        runs = f"WHERE run IN (SELECT run FROM attempts {of})"
        values = {"project": project}
        with self._open() as database:
            database.execute("BEGIN")  # the three tables as of one moment
            attempts = database.execute(f"SELECT * FROM attempts {of} ORDER BY ended, run, number", values)
            found = [_attempt(row) for row in attempts]
            verdicts = database.execute(f"SELECT * FROM verdicts {runs} ORDER BY run, number, gate", values)
            gates = [GateOutcome(*row) for row in verdicts]
            shapes = database.execute(
                f"SELECT * FROM shapes {runs} ORDER BY run, number, gate, shape", values
            )
            return Outcomes(tuple(found), tuple(gates), tuple(FindingShape(*row) for row in shapes))

    def forget(self, project: str | None = None) -> int:
        """Remove what is kept, from the file itself as well.

        Args:
            project: Of this repository only.

        Returns:
            How many runs were forgotten.

        Raises:
            StorageError: It cannot be changed.
        """
        if not self.path.exists():
            return 0
        with self._open() as database:
            database.execute("PRAGMA secure_delete = ON")
            with database:
                where = "WHERE project = :project OR :project IS NULL"
                runs = [
                    run
                    for (run,) in database.execute(
                        f"SELECT DISTINCT run FROM attempts {where}", {"project": project}
                    )
                ]
                for table in ("attempts", "verdicts", "shapes"):
                    database.executemany(f"DELETE FROM {table} WHERE run = ?", [(run,) for run in runs])
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return len(runs)

    @contextlib.contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            mode = "rwc" if create else "rw"
            database = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_SECONDS
            )
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error
        try:
            self._prepare(database)
            yield database
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        finally:
            database.close()

    def _prepare(self, database: sqlite3.Connection) -> None:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA:
            return
        if version != 0:
            raise StorageError(
                f"the outcomes were written by another version (schema {version}; this one reads {SCHEMA})",
                where=str(self.path),
                advice="Use the newer version of Ironwright, or move the file away to begin anew.",
            )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("BEGIN IMMEDIATE")
        with database:
            # Another process may have made the tables while this one waited.
            if database.execute("PRAGMA user_version").fetchone() == (0,):
                for statement in filter(str.strip, _TABLES.split(";")):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {SCHEMA}")

    def _unusable(self, error: Exception) -> StorageError:
        return StorageError(
            f"the outcomes of earlier runs cannot be used ({error})", where=str(self.path), advice=_WRITABLE
        )


def tallies(attempts: Sequence[AttemptOutcome]) -> tuple[Tally, ...]:
    """What tries came to, for each agent, model and kind of task.

    A try is an agent's attempt with its repairs and what tools repaired after it. It is proved where its last
    check passed. It failed where that refused it, or where it ended without one: at a limit, or with nothing
    changed. What the gates could not tell, what an error or an interruption broke off, and a handoff that was
    answered in words say nothing about success; their cost counts.
    """
    tries: dict[tuple[str, int], list[AttemptOutcome]] = {}
    for item in attempts:
        tries.setdefault((item.run, item.tried), []).append(item)
    found: dict[tuple[str, str, str], list[float]] = {}
    for parts in tries.values():
        first, last = parts[0], parts[-1]
        row = found.setdefault((first.agent, first.model, first.kind), [0, 0, 0, 0.0])
        nothing = (
            last.verdict is None and last.stopped in ("finished", "limit") and last.handoff != "answered"
        )
        if nothing or last.verdict in ("PASS", "FAIL"):
            row[0] += 1
            row[1] += last.verdict == "PASS"
        costs = [part.dollars for part in parts if part.dollars is not None]
        if len(costs) == len(parts):
            row[2] += 1
            row[3] += sum(costs)
    return tuple(
        Tally(*key, int(tried), int(proved), int(priced), dollars)
        for key, (tried, proved, priced, dollars) in found.items()
    )


def _attempt(row: Sequence[Any]) -> AttemptOutcome:
    values = dict(zip((item.name for item in fields(AttemptOutcome)), row, strict=True))
    return AttemptOutcome(**{**values, "escalated": bool(values["escalated"])})


def _insert(
    database: sqlite3.Connection, table: str, rows: Sequence[AttemptOutcome | GateOutcome | FindingShape]
) -> None:
    if rows:
        marks = ", ".join("?" for _ in fields(rows[0]))
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", [astuple(row) for row in rows])
