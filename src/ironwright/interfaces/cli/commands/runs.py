"""``ironwright runs``: lists, shows, resumes, answers and removes runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode

if TYPE_CHECKING:
    from ironwright.workflow.run_store import RunFolder, RunStore

_repo = click.option(
    "--repo", type=click.Path(path_type=Path), default=".", help="Any folder of the repository."
)


@click.group("runs")
def command() -> None:
    """List, show, resume, answer or remove runs."""


@command.command("list")
@_repo
@output_options("terminal", "json")
def list_runs(repo: Path, output: Output) -> int:
    """List the runs of this repository, newest first."""
    listed = _store(repo).list()
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json({"runs": [run.as_json() for run in listed]}))
        return ExitCode.PASS
    if not listed:
        output.remark('there are no runs here yet; `ironwright run "TASK"` starts one')
        return ExitCode.PASS
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable

    canvas = Canvas(output.screen())
    canvas.table(
        [
            ("run", {"no_wrap": True}),
            ("started", {"no_wrap": True}),
            ("outcome", {"no_wrap": True}),
            ("agent", {"no_wrap": True}),
            ("task", {"overflow": "fold", "ratio": 1}),
        ],
        [
            [
                canvas.text((printable(run.run_id), "bold")),
                canvas.text((run.created[:16].replace("T", " "), "dim")),
                canvas.text(run.outcome.value if run.outcome else "damaged"),
                canvas.text(printable(run.agent)),
                canvas.text(printable(run.problem or run.task)),
            ]
            for run in listed
        ],
    )
    output.answer(canvas.result())
    return ExitCode.PASS


@command.command("show")
@click.argument("run_id", metavar="ID")
@_repo
@output_options("terminal", "json", "markdown")
def show_run(run_id: str, repo: Path, output: Output) -> int:
    """Show a run's report; the beginning of its id is enough."""
    from ironwright.records.report import Outcome, RunReport

    folder = _store(repo).find(run_id)
    data = folder.read_report()
    outcome = folder.outcome()
    if data is not None and outcome is not Outcome.RUNNING:
        from ironwright.interfaces.cli.run_report import rendered
        from ironwright.records.errors import RunError

        try:
            report = RunReport.from_json(data)
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"the run's report is damaged ({type(error).__name__}: {error})",
                where=str(folder.report),
                advice="The journal beside it is the original.",
            ) from error
        output.answer(rendered(report, output))
        return ExitCode.PASS
    _show_unfinished(folder, outcome.value, output)
    return ExitCode.PASS


@command.command("resume")
@click.argument("run_id", metavar="ID")
@_repo
@output_options("terminal", "json", "markdown")
def resume(run_id: str, repo: Path, output: Output) -> int:
    """Go on with a run that was interrupted or failed; nothing that was finished is repeated."""
    from ironwright.interfaces.cli.commands.run import advise
    from ironwright.interfaces.cli.failure import silence_libraries
    from ironwright.interfaces.cli.narrator import Narrator
    from ironwright.interfaces.cli.run_report import rendered
    from ironwright.workflow.launch import resume_run

    silence_libraries()
    with output.progress() as progress:
        report = resume_run(run_id, repo, Narrator(progress))
    output.answer(rendered(report, output))
    advise(report, output)
    return report.exit_code


@command.command("answer")
@click.argument("run_id", metavar="ID")
@click.argument("text")
@click.option("--question", metavar="ID", help="The question that it answers, where several are open.")
@_repo
@output_options("terminal", "json", "markdown")
def answer(run_id: str, text: str, question: str | None, repo: Path, output: Output) -> int:
    """Answer what a run asks, and go on with it."""
    from ironwright.interfaces.cli.commands.run import advise
    from ironwright.interfaces.cli.failure import silence_libraries
    from ironwright.interfaces.cli.narrator import Narrator
    from ironwright.interfaces.cli.run_report import rendered
    from ironwright.workflow.launch import answer_run

    silence_libraries()
    with output.progress() as progress:
        report = answer_run(run_id, text, repo, Narrator(progress), question=question)
    output.answer(rendered(report, output))
    advise(report, output)
    return report.exit_code


@command.command("clean")
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="How many days ago a run must have ended.",
)
@click.option(
    "--undelivered", is_flag=True, help="Also runs whose worktree holds work that was not delivered."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@_repo
@output_options("terminal", "json")
def clean(older_than: float, undelivered: bool, dry_run: bool, repo: Path, output: Output) -> int:
    """Remove runs that are over; branches stay, and so do runs that can go on."""
    from ironwright.host.git import open_repository
    from ironwright.reporting import figures
    from ironwright.reporting.untrusted import printable
    from ironwright.workflow.change import project_of
    from ironwright.workflow.clean_runs import clean_runs

    repository = open_repository(repo)
    with output.progress() as progress:
        runs = clean_runs(
            repository,
            project_of(repository),
            days=older_than,
            undelivered=undelivered,
            dry_run=dry_run,
            progress=progress.step,
        )
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json({"dry_run": dry_run, "runs": [run.as_json() for run in runs]}))
        return ExitCode.PASS
    removed = [run for run in runs if run.removed]
    lines = [f"{run.run_id}  {printable(run.reason)}" for run in runs]
    freed = sum(run.freed for run in removed) / 1_000_000
    verb = "would be removed" if dry_run else "removed"
    lines.append(f"{figures.count(len(removed), 'run')} {verb}, {freed:.1f} MB")
    output.answer("\n".join(lines))
    return ExitCode.PASS


def _show_unfinished(folder: RunFolder, outcome: str, output: Output) -> None:
    """Show a run that has no final report: it is running, or its process died."""
    from ironwright.records.journal import read_journal
    from ironwright.reporting import figures
    from ironwright.reporting.untrusted import printable
    from ironwright.workflow.ending import paid

    record = folder.record().as_json()
    events = read_journal(folder.journal) if folder.journal.exists() else ()
    usage = paid(events)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        data = {
            "run": record["id"],
            "outcome": outcome,
            "report": None,
            "record": record,
            "usage": usage.as_json(),
        }
        output.answer(data_as_json(data))
        return
    lines = [
        f"Run {record['id']}  {printable(record['request']['task'])}",
        f"{outcome}, started {record['created']}",
        f"cost so far {figures.dollars(usage.dollars)}: {figures.tokens(usage)}",
    ]
    if events:
        lines.append(f"last step {printable(events[-1].step)} at {events[-1].time}")
    if outcome == "interrupted":
        lines.append(f"resume it: ironwright runs resume {record['id']}")
    output.answer("\n".join(lines))


def _store(repo: Path) -> RunStore:
    from ironwright.host.git import open_repository
    from ironwright.workflow.change import project_of
    from ironwright.workflow.run_store import RunStore

    return RunStore(project_of(open_repository(repo)))
