"""Starts runs, goes on with them, and brings each to a report, whatever happens on the way."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from ironwright.host import clock
from ironwright.host.git import open_repository
from ironwright.host.toolchain import toolchain
from ironwright.models.paid_once import paid_once
from ironwright.records.config import load_config
from ironwright.records.errors import MACHINE_REFUSALS, IronwrightError, RunError
from ironwright.records.journal import EventKind
from ironwright.records.paths import ProjectPaths, outcomes_file
from ironwright.records.report import Outcome, RunReport
from ironwright.workflow.change import project_of
from ironwright.workflow.context import Ledger, RunContext, RunJournal, RunListener, SuspendedError
from ironwright.workflow.durable import StepRunner, run_durably
from ironwright.workflow.ending import ENDED, build_report, clear_up, finish, write_report
from ironwright.workflow.engine import engine_named, with_engine
from ironwright.workflow.handoff import hand_off
from ironwright.workflow.model_access import open_model
from ironwright.workflow.plan import Ground, Plan, make_plan, survey
from ironwright.workflow.request import RunRequest
from ironwright.workflow.room import lack_of_room
from ironwright.workflow.run_store import RunFolder, RunRecord, RunStore, new_run_id, read_json, write_json
from ironwright.workflow.worktree import Workspace, workspace_for

if TYPE_CHECKING:
    import httpx2

    from ironwright.host.sandbox import Sandbox
    from ironwright.session.attempt import Engine, ModelAccess

BRANCH_PREFIX = "ironwright/"
_WRITABLE = (
    "Make room or give the right to write there, or set IRONWRIGHT_CACHE_HOME and IRONWRIGHT_STATE_HOME to "
    "folders that can be written; then resume the run."
)


def run_task(
    request: RunRequest, listener: RunListener | None = None, *, engine: Engine | None = None
) -> RunReport:
    """Carry out a task.

    Everything that makes the run impossible is found before anything is made, and raised. Afterwards
    every end is a report, an interruption too.

    Args:
        request: The task and its limits.
        listener: Told what happens.
        engine: What works on attempts; None takes the one that the request names.

    Raises:
        IronwrightError: The repository, agent, contract, model, toolchain or sandbox does not allow the
            run; nothing was made.
    """
    ground = survey(request)
    plan = make_plan(request, ground)
    request = with_engine(request, ground.config, (plan.model, *(rung.model for rung in plan.ladder)))
    toolchain()  # without Rust no command of an agent's and no gate could do anything
    _sandbox(request.sandbox)
    created = clock.now()
    run_id = new_run_id(created)
    record = RunRecord(
        run_id, created, request, ground.repository.root, ground.base, f"{BRANCH_PREFIX}{run_id}"
    )
    folder, note = RunStore(ground.project).create(record, plan.as_json())
    if note:
        write_json(folder.plan, replace(plan, notes=(*plan.notes, note)).as_json())
    return _work_on(folder, listener or RunListener(), engine)


def resume_run(
    run_id: str, folder: Path, listener: RunListener | None = None, *, engine: Engine | None = None
) -> RunReport:
    """Go on with a run that was interrupted, failed, or waits for an answer that was given meanwhile.

    Nothing that was finished is repeated. A run that is over is only reported again.

    Args:
        run_id: The run's id or its beginning.
        folder: Any folder of the repository.
        listener: Told what happens.
        engine: What works on attempts; None takes the one that the request names.

    Raises:
        RunError: There is no such run, it is damaged, or another process works on it.
    """
    found = RunStore(project_of(open_repository(folder))).find(run_id)
    return _work_on(found, listener or RunListener(), engine)


def answer_run(
    run_id: str,
    text: str,
    folder: Path,
    listener: RunListener | None = None,
    *,
    question: str | None = None,
    engine: Engine | None = None,
) -> RunReport:
    """Answer what a run asks, and go on with it when every question has its answer.

    Args:
        run_id: The run's id or its beginning.
        text: The answer.
        folder: Any folder of the repository.
        listener: Told what happens.
        question: The id of the question; None where only one is open, or for all of them.
        engine: What works on attempts; None takes the one that the request names.

    Raises:
        RunError: There is no such run or question, or it asks nothing.
    """
    found = RunStore(project_of(open_repository(folder))).find(run_id)
    if not text.strip():
        raise RunError("the answer is empty", where=found.run_id)
    report = _reported(found) if found.report.exists() else None
    asked = report.questions if report is not None and report.outcome is Outcome.WAITING else ()
    open_ids = [item["id"] for item in asked]
    if not open_ids:
        raise RunError(
            "this run asks nothing", where=found.run_id, advice="`ironwright runs show` tells its state."
        )
    if question is not None and question not in open_ids:
        raise RunError(
            f"this run does not ask {question!r}", where=found.run_id, advice=f"It asks: {open_ids}."
        )
    with found.locked():
        given = read_json(found.answers) if found.answers.exists() else {}
        given |= dict.fromkeys([question] if question else open_ids, text)
        write_json(found.answers, given)
    return _work_on(found, listener or RunListener(), engine)


@dataclass(frozen=True)
class _Run:
    """A run's parts that are known before its steps begin."""

    folder: RunFolder
    record: RunRecord
    plan: Plan
    ground: Ground
    workspace: Workspace
    journal: RunJournal
    listener: RunListener
    ledger: Ledger
    stop: threading.Event


def _work_on(folder: RunFolder, listener: RunListener, engine: Engine | None) -> RunReport:
    with folder.locked():
        record = folder.record()
        plan = _read_plan(folder)
        repository = open_repository(record.repository)
        project = project_of(repository)
        ground = Ground(repository, project, load_config(project.config), record.base)
        workspace = workspace_for(
            repository, record.run_id, record.branch, record.base, project.worktrees, plan.identity
        )
        with RunJournal(folder.journal) as journal:
            journal.listener = listener
            run = _Run(
                folder, record, plan, ground, workspace, journal, listener, Ledger(), threading.Event()
            )
            if journal.find(ENDED) is None:
                _open(run)
                report = _to_report(run, engine)
            else:
                report = _reported(folder)
            if (ended := journal.find(ENDED)) is not None:
                report = _learned(folder, record, report, project, ended.time)
                clear_up(folder, workspace, report.outcome, journal.events)
            return report


def _learned(
    folder: RunFolder, record: RunRecord, report: RunReport, project: ProjectPaths, ended: str
) -> RunReport:
    """Keep what became of the attempts; a recording's say nothing about any model."""
    from ironwright.workflow.learning import learn
    from ironwright.workflow.outcome_store import OutcomeStore

    if record.request.recording is not None:
        return report
    told = learn(report, project, ended, OutcomeStore(outcomes_file()))
    if told.notes != report.notes:
        write_report(folder, told)
    return told


def _open(run: _Run) -> None:
    """The journal's first words, or that the run goes on."""
    journal, plan = run.journal, run.plan
    if journal.find("worktree") is not None:
        run.workspace.take_up()
    if journal.events:
        times = sum(1 for event in journal.events if event.kind is EventKind.RESUMED)
        journal.append(EventKind.RESUMED, {"times": times + 1}, f"resumed-{times + 1}")
    journal.append(
        EventKind.RUN_STARTED,
        {
            "run": run.record.run_id,
            "task": run.record.request.task,
            "repository": str(run.record.repository),
            "base": run.record.base,
            "branch": run.record.branch,
        },
        "started",
    )
    journal.append(
        EventKind.ROUTED,
        {
            "agent": plan.agent.name,
            "path": plan.agent.path,
            "reason": plan.route_reason,
            "model": plan.model,
            "contract": plan.contract_identity,
            "override_escalation": run.record.request.override_escalation,
            "earlier": [dict(item) for item in plan.earlier],
        },
        "routed",
    )


def _to_report(run: _Run, engine: Engine | None) -> RunReport:
    """Work until there is a report; every way out of the work becomes one."""
    # The providers' clients and the database of steps take seconds to load on a busy machine.
    run.listener.progress("getting ready to work")
    try:
        return asyncio.run(_work(run, engine))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return _suspended(run, Outcome.INTERRUPTED, "the run was interrupted")
    except SuspendedError as stopped:
        error = stopped.__cause__
        advice = (error.advice,) if isinstance(error, IronwrightError) and error.advice else ()
        return _suspended(run, stopped.outcome, stopped.reason, stopped.questions, advice)
    except IronwrightError as error:
        what = f"{error.where}: {error.what}" if error.where else error.what
        return _suspended(run, Outcome.FAILED, what, notes=(error.advice,) if error.advice else ())
    except OSError as error:
        if error.errno not in MACHINE_REFUSALS:
            raise
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
        advice = () if lack_of_room(run.record.repository) else (_WRITABLE,)
        return _suspended(run, Outcome.FAILED, what, notes=advice)


async def _work(run: _Run, engine: Engine | None) -> RunReport:
    async with _interruptible(run.stop), _transport(run) as transport:
        sandbox = await asyncio.to_thread(_sandbox, run.record.request.sandbox)
        models = _models(run, transport)
        if run.plan.model:  # a model that cannot be used any more is told of before anything is done
            models(run.plan.model)

        async def body(step: StepRunner) -> RunReport:
            from ironwright.workflow.review_advice import review_advice
            from ironwright.workflow.run import go_through

            context = _context(run, step, engine or engine_named(run.record.request.engine), models, sandbox)
            state = run.ledger.reached(await go_through(context))
            run.ledger.state = await review_advice(context.on_rung(state.rung), state, transport)
            return finish(context)

        record = run.record
        return await run_durably(run.folder.database, record.run_id, record.workflow, body, run.listener)


def _models(run: _Run, transport: httpx2.AsyncBaseTransport | None) -> Callable[[str], ModelAccess]:
    """Connects to each model of the run once, when it is needed."""

    @cache
    def connected(label: str) -> ModelAccess:
        request = run.record.request
        if label != run.plan.model:  # what the user named is the first agent's
            request = replace(request, model=None)
        return open_model(request, label, run.ground.config, transport, progress=run.listener.progress)

    return connected


def _context(
    run: _Run,
    step: StepRunner,
    engine: Engine,
    models: Callable[[str], ModelAccess],
    sandbox: Sandbox,
) -> RunContext:
    return RunContext(
        folder=run.folder,
        record=run.record,
        plan=run.plan,
        ground=run.ground,
        workspace=run.workspace,
        journal=run.journal,
        step=step,
        engine=engine,
        models=models,
        sandbox=sandbox,
        listener=run.listener,
        stop=run.stop,
        ledger=run.ledger,
        hand_off=hand_off,
    )


@contextlib.asynccontextmanager
async def _transport(run: _Run) -> AsyncIterator[httpx2.AsyncBaseTransport | None]:
    """What carries requests to models, so that none is paid twice; a recording needs nothing."""
    if run.record.request.recording is not None:
        yield None
        return
    async with paid_once(run.folder.recordings) as transport:
        yield transport


def _sandbox(mode: str) -> Sandbox:
    from ironwright.host.choose_sandbox import choose_sandbox

    return choose_sandbox(cast('Literal["auto", "bubblewrap", "landlock", "none"]', mode))


def _suspended(
    run: _Run,
    outcome: Outcome,
    reason: str,
    questions: Sequence[Mapping[str, str]] = (),
    notes: tuple[str, ...] = (),
) -> RunReport:
    """The report of a run that stops here and can go on."""
    if outcome is Outcome.FAILED:
        notes = (*notes, *lack_of_room(run.record.repository))
    times = sum(1 for event in run.journal.events if event.kind is EventKind.INTERRUPTED)
    run.journal.append(
        EventKind.INTERRUPTED, {"outcome": outcome.value, "reason": reason}, f"interrupted-{times + 1}"
    )
    report = build_report(
        run.folder, run.record, run.plan, run.journal, run.ledger, outcome, reason, questions, notes
    )
    write_report(run.folder, report)
    return report


def _reported(folder: RunFolder) -> RunReport:
    data = folder.read_report()
    if data is None:
        raise RunError("the run has ended, but its report is gone", where=str(folder.report))
    try:
        return RunReport.from_json(data)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"the run's report is damaged ({error})", where=str(folder.report)) from error


def _read_plan(folder: RunFolder) -> Plan:
    try:
        return Plan.from_json(read_json(folder.plan))
    except ValueError as error:
        raise RunError(
            f"the run's plan is damaged ({type(error).__name__})",
            where=str(folder.plan),
            advice="Start a new run with the same task.",
        ) from error


@contextlib.asynccontextmanager
async def _interruptible(stop: threading.Event) -> AsyncIterator[None]:
    """Ctrl-C and termination stop the run in order; a second time they end the process at once."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()

    def stop_run() -> None:
        for number in signals:
            loop.remove_signal_handler(number)
        stop.set()
        if task is not None:
            task.cancel()

    for number in signals:
        loop.add_signal_handler(number, stop_run)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
