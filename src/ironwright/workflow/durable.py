"""Durable steps: what was finished is recorded and never done again, whenever the process dies.

DBOS keeps the records, in one SQLite file in the run's folder. Three of its defaults are turned round here:
SQLite's journal becomes a write-ahead log (four times faster a step), values are stored as JSON, not pickled,
and an exception is never recorded as a step's result: a step that failed is tried again when the run goes on.

What is promised: the end of this process at any moment, by ``kill -9`` too, loses and repeats nothing that
was finished. A power cut keeps every recorded step as well, and the journal up to the last call that could
change the worktree; the call that was under way is undone and done again, and a model request that was under
way may be asked, and paid, again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ironwright.host import clock
from ironwright.models.paid_once import current_step
from ironwright.records.errors import RunError

if TYPE_CHECKING:
    import sqlalchemy
    from dbos import DBOSConfig

Result = TypeVar("Result")
Action = Callable[[], Awaitable[Any]]

_APPLICATION = "ironwright"
_WORKFLOW = "ironwright-run"
_EXECUTOR = "run"
# DBOS waits this long for its own background threads when it closes.
_POLL_SECONDS = 0.2
_BEGIN_SECONDS = 60.0


class StepListener(Protocol):
    """Told of each durable step, for progress and for tests that end the process at a given moment."""

    def step_started(self, name: str) -> None:
        """A step that has no recorded result begins."""

    def step_ended(self, name: str) -> None:
        """A step has its result, but it is not recorded yet."""


class _Unrecorded(BaseException):
    """Carries an exception past DBOS, which records ``Exception`` as a step's final result."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class _Left(BaseException):
    """Leaves a workflow without ending it, so that it can go on later."""


class StepRunner:
    """Runs named steps whose results are recorded before the run goes on.

    A step's result must be JSON data. Steps must come in the same order, with the same names, each time the
    run is gone through; steps that run at the same time must at least *start* in the same order. After a step
    failed, no other step starts: what would be recorded after the gap could not be replayed.
    """

    def __init__(self, listener: StepListener | None) -> None:
        self._listener = listener
        self._failed: str | None = None
        self._count = 0

    @property
    def count(self) -> int:
        """How many steps were gone through, replayed ones and skipped ones too."""
        return self._count

    @property
    def failed(self) -> str | None:
        """The step that failed, after which none can start; or None."""
        return self._failed

    def skip(self, steps: int) -> None:
        """Pass over recorded steps whose joint result is known otherwise."""
        from dbos import DBOS

        for _ in range(steps):
            DBOS.reserve_step()
        self._count += steps

    async def __call__(self, name: str, action: Action) -> Any:
        """Give the recorded result of a step, or do it and record its result.

        Raises:
            RunError: A step failed before.
            Exception: Whatever the action raises; nothing is recorded then.
        """
        from dbos import DBOS

        if self._failed is not None:
            raise RunError(
                f"step {name} cannot start: {self._failed} failed before it",
                advice="`ironwright runs resume` tries the failed step again.",
            )

        self._count += 1

        async def do() -> dict[str, Any]:
            current_step.set(name)
            if self._listener is not None:
                self._listener.step_started(name)
            try:
                value = await action()
            except Exception as error:
                self._failed = name
                raise _Unrecorded(error) from error
            if self._listener is not None:
                self._listener.step_ended(name)
            return {"value": value}

        try:
            recorded = await DBOS.run_step_async({"name": name}, do)
        except _Unrecorded as carried:
            raise carried.error from carried.error.__cause__
        except Exception:  # the step was done, but its result could not be recorded
            self._failed = self._failed or name
            raise
        return recorded["value"]


class StepsWithin(StepRunner):
    """The steps of a part of a run, under names of their own."""

    def __init__(self, outer: StepRunner, prefix: str) -> None:
        super().__init__(None)
        self._outer, self._prefix = outer, prefix

    @property
    def count(self) -> int:
        """As the whole run's: how many steps it went through."""
        return self._outer.count

    @property
    def failed(self) -> str | None:
        """As the whole run's: a step that failed anywhere stops everything."""
        return self._outer.failed

    def skip(self, steps: int) -> None:
        """As for the whole run."""
        self._outer.skip(steps)

    async def __call__(self, name: str, action: Action) -> Any:
        """As for the whole run, the name prefixed."""
        return await self._outer(f"{self._prefix}/{name}", action)


Body = Callable[[StepRunner], Awaitable[Result]]
_running: dict[str, Callable[[], Awaitable[None]]] = {}


async def run_durably(
    database: Path,
    run_id: str,
    version: str,
    body: Body[Result],
    listener: StepListener | None = None,
) -> Result:
    """Go through a body of durable steps to its end; the first time, or again after the process died.

    Args:
        database: The SQLite file; made when missing.
        run_id: The name of the body's records in it.
        version: Changes when recorded steps of older programs can no longer be replayed.
        body: Does its work by calling the step runner; code between steps runs every time.
        listener: Told of each step that is not replayed.

    Raises:
        RunError: The file cannot be used, or another body is running in this process.
        Exception: Whatever the body raises; it can be gone through again then.
    """
    if _running:
        raise RunError("this process is already working on a run", where=next(iter(_running)))
    outcome: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    tasks: list[asyncio.Task[Any]] = []

    async def go() -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            result = await body(StepRunner(listener))
        except BaseException as error:
            if not outcome.done():
                outcome.set_exception(error if isinstance(error, Exception) else _left_by(error))
            raise _Left from error
        if not outcome.done():
            outcome.set_result(result)

    _running[run_id] = go
    try:
        return await _through_dbos(database, run_id, version, outcome, tasks)
    finally:
        del _running[run_id]


async def _through_dbos(
    database: Path,
    run_id: str,
    version: str,
    outcome: asyncio.Future[Result],
    tasks: Sequence[asyncio.Task[Any]],
) -> Result:
    from dbos import DBOS, SetWorkflowID
    from sqlalchemy.exc import SQLAlchemyError

    # Without a handler of somebody else DBOS would add one that prints; and its warnings are not for users.
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    workflow = _workflow()
    engine = _sqlite(database)
    try:
        DBOS(config=_config(database, version, engine))
        DBOS.launch()
        # Launching puts a workflow that was under way back into the queue; a new one is started here.
        status = await DBOS.get_workflow_status_async(run_id)
        if status is None:
            with SetWorkflowID(run_id):
                await DBOS.start_workflow_async(workflow, run_id)
        elif status.app_version != version:
            raise RunError(
                f"the run's steps were recorded by version {status.app_version} of the workflow, "
                f"this is {version}",
                where=run_id,
                advice="Resume it with the Ironwright that started it, or start a new run.",
            )
        elif status.status not in ("PENDING", "ENQUEUED"):
            raise RunError(f"the run has ended already ({status.status.lower()})", where=run_id)
        await _begun(tasks, database)
        return await outcome
    except asyncio.CancelledError:
        # The body runs in a task of DBOS: it is stopped first, so that it can end what it started.
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        raise
    except SQLAlchemyError as error:
        raise RunError(
            f"the record of the run's steps cannot be used ({_first_line(error)})",
            where=str(database),
            advice="Free some space, then resume the run; a damaged file means starting a new one.",
        ) from error
    finally:
        await asyncio.to_thread(DBOS.destroy)
        engine.dispose()


def _config(database: Path, version: str, engine: sqlalchemy.Engine) -> DBOSConfig:
    from dbos import DBOSConfig

    return DBOSConfig(
        name=_APPLICATION,
        system_database_url=f"sqlite:///{database}",
        system_database_engine=engine,
        executor_id=_EXECUTOR,
        application_version=version,
        serializer=_json_serializer(),
        log_level="CRITICAL",
        enable_otlp=False,
        notification_listener_polling_interval_sec=_POLL_SECONDS,
    )


async def _begun(tasks: Sequence[asyncio.Task[Any]], database: Path) -> None:
    """Wait until DBOS took the workflow up; a thread of its own does, and keeps its troubles to itself."""
    deadline = clock.seconds() + _BEGIN_SECONDS
    while not tasks:
        if clock.seconds() > deadline:
            raise RunError(
                f"the record of the run's steps was not taken up within {_BEGIN_SECONDS:.0f} s",
                where=str(database),
                advice="The disk may be full, or another program may hold the file; then resume the run.",
            )
        await asyncio.sleep(0.01)


@cache
def _workflow() -> Callable[..., Any]:
    """The one workflow that DBOS knows; what it does is looked up by the run's id."""
    from dbos import DBOS

    @DBOS.workflow(name=_WORKFLOW)
    async def run_workflow(run_id: str) -> str:
        await _running[run_id]()
        return run_id

    return run_workflow


def _sqlite(database: Path) -> sqlalchemy.Engine:
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"sqlite:///{database}")

    @sqlalchemy.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # As DBOS sets up its own SQLite connections, and the write-ahead log besides. FULL: a step that was
        # acknowledged survives a power cut too.
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _json_serializer() -> Any:
    from dbos import Serializer

    class JsonSerializer(Serializer):
        """Stores plain JSON: readable, and never code."""

        def name(self) -> str:
            return "ironwright_json"

        def serialize(self, data: Any) -> str:
            return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

        def deserialize(self, serialized_data: str) -> Any:
            return json.loads(serialized_data)

    return JsonSerializer()


def _left_by(error: BaseException) -> Exception:
    if isinstance(error, asyncio.CancelledError):
        return RunError("the run was stopped", advice="`ironwright runs resume` goes on with it.")
    return RunError(f"the run was left ({type(error).__name__})")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
