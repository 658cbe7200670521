"""``ironwright stats``: what became of attempts, what recurs, and how to forget it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ironwright.records.paths import ProjectPaths
    from ironwright.workflow.learning import Lesson
    from ironwright.workflow.outcome_store import OutcomeStore

_repo = click.option(
    "--repo", type=click.Path(path_type=Path), default=".", help="Any folder of the repository."
)


@click.group("stats", invoke_without_command=True)
@click.option("--everywhere", is_flag=True, help="Of all repositories, not only of this one.")
@click.option("--forget", is_flag=True, help="Remove what is kept, after asking; --yes does not ask.")
@click.option("--yes", is_flag=True, help="Do not ask before forgetting.")
@click.option("--export", is_flag=True, help="Everything that is kept, attempt by attempt, as JSON.")
@_repo
@output_options("terminal", "json")
@click.pass_context
def command(
    context: click.Context,
    repo: Path,
    everywhere: bool,
    forget: bool,
    yes: bool,
    export: bool,
    output: Output,
) -> int:
    """What became of the attempts of ended runs: proved work, cost, what the gates refused.

    It is kept in one file on this machine: numbers and names, no text of tasks, code or agents.
    `ironwright stats lessons` shows what recurs.
    """
    if context.invoked_subcommand is not None:
        return ExitCode.PASS
    if forget and export:
        raise ConfigError("--forget and --export exclude each other", advice="Export first, then forget.")
    project = None if everywhere else _project(repo).key
    place = "everywhere" if everywhere else "here"
    if forget:
        return _forget(project, place, yes, output)
    found = _store().read(project)
    if export:
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json(found.as_json()))
        return ExitCode.PASS
    from ironwright.workflow.statistics import statistics

    counted = statistics(found)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json(counted.as_json()))
        return ExitCode.PASS
    if not counted.runs:
        output.remark(f"no run has ended {place} yet" + ("" if everywhere else "; see `--everywhere`"))
        return ExitCode.PASS
    from ironwright.interfaces.cli.stats_view import statistics_as_text

    output.answer(statistics_as_text(counted, place, output.screen()))
    return ExitCode.PASS


@command.command("lessons")
@click.option("--keep", metavar="ID", multiple=True, help="Note it, without asking (several times).")
@_repo
@output_options("terminal", "json")
def show_lessons(keep: tuple[str, ...], repo: Path, output: Output) -> int:
    """What the gates refused in three or more runs here; noted in the memory only if you say yes."""
    from ironwright.workflow.learning import lessons
    from ironwright.workflow.memory import ProjectMemory

    project = _project(repo)
    memory = ProjectMemory(project.memory)
    found = lessons(_store().read(project.key).shapes, memory)
    chosen = _chosen(found, keep)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        kept = [memory.add(lesson.note(_today())).as_json() for lesson in chosen]
        output.answer(data_as_json({"lessons": [lesson.as_json() for lesson in found], "kept": kept}))
        return ExitCode.PASS
    if not found:
        output.remark("nothing was refused in three runs here that is not noted already")
        return ExitCode.PASS
    if not keep:
        from ironwright.interfaces.cli.stats_view import lessons_as_text

        output.answer(lessons_as_text(found, output.screen()))
        chosen = _asked(found, output)
    for lesson in chosen:
        output.remark(f"noted in {memory.add(lesson.note(_today())).path}")
    return ExitCode.PASS


def _forget(project: str | None, place: str, yes: bool, output: Output) -> int:
    import sys

    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError("nobody can be asked here", advice="Say `--forget --yes`.")
        if not click.confirm(f"Forget what became of all runs {place}?", err=True):
            return ExitCode.PASS
    forgotten = _store().forget(project)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json({"forgotten": forgotten}))
        return ExitCode.PASS
    from ironwright.reporting import figures

    output.remark(f"{figures.count(forgotten, 'run')} forgotten")
    return ExitCode.PASS


def _chosen(found: Sequence[Lesson], keep: Sequence[str]) -> list[Lesson]:
    chosen = []
    for wanted in keep:
        fitting = [lesson for lesson in found if wanted and lesson.id.startswith(wanted)]
        if len(fitting) != 1:
            raise ConfigError(
                f"{'several lessons begin' if fitting else 'no lesson begins'} with {wanted!r}",
                advice="See `ironwright stats lessons`.",
            )
        chosen += fitting
    return list(dict.fromkeys(chosen))


def _asked(found: Sequence[Lesson], output: Output) -> list[Lesson]:
    """The lessons that a person at the terminal wants to be noted; nobody is asked elsewhere."""
    import sys

    if not sys.stdin.isatty():
        output.remark("note one: ironwright stats lessons --keep ID")
        return []
    return [lesson for lesson in found if click.confirm(f"Note {lesson.id}?", err=True)]


def _today() -> str:
    from datetime import date

    return date.today().isoformat()


def _project(repo: Path) -> ProjectPaths:
    from ironwright.host.git import open_repository
    from ironwright.workflow.change import project_of

    return project_of(open_repository(repo))


def _store() -> OutcomeStore:
    from ironwright.records.paths import outcomes_file
    from ironwright.workflow.outcome_store import OutcomeStore

    return OutcomeStore(outcomes_file())
