"""``ironwright check``: judges a change by the gates of a contract; no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ironwright.interfaces.cli.output import Output, output_options

if TYPE_CHECKING:
    from ironwright.host.git import Repository
    from ironwright.records.report import CheckReport
    from ironwright.reporting.progress import Progress
    from ironwright.workflow.check import CheckRequest


@click.command("check")
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="Any folder of the repository.")
@click.option(
    "--base", metavar="REV", help="Measure from here (default: where head left the default branch)."
)
@click.option(
    "--head",
    metavar="REV",
    default="HEAD",
    show_default=True,
    help="Judge this; WORKTREE for uncommitted work.",
)
@click.option(
    "--contract", metavar="NAME|FILE", help="The agent whose contract applies (default: a general one)."
)
@click.option("--gate", "only", metavar="ID", multiple=True, help="Run only this gate; may be repeated.")
@click.option("--scope", type=click.Choice(["changed", "all", "ratchet"]), help="What of the tree is judged.")
@click.option("--no-cache", is_flag=True, help="Judge again what was judged before.")
@click.option(
    "--no-sandbox", is_flag=True, help="Run cargo on the crate WITHOUT a sandbox; only for code you trust."
)
@click.option("--watch", is_flag=True, help="Judge uncommitted work again after every edit, until Ctrl-C.")
@output_options("terminal", "json", "markdown", "sarif", "junit")
def command(
    repo: Path,
    base: str | None,
    head: str,
    contract: str | None,
    only: tuple[str, ...],
    scope: str | None,
    no_cache: bool,
    no_sandbox: bool,
    watch: bool,
    output: Output,
) -> int:
    """Judge a change by the gates: exit 0 pass, 1 a gate failed, 2 wrong use, 3 could not tell."""
    from ironwright.host.git import WORKTREE, open_repository
    from ironwright.records.config import load_config
    from ironwright.workflow.change import project_of
    from ironwright.workflow.check import CheckRequest
    from ironwright.workflow.contract_source import contract_source

    repository = open_repository(repo)
    project = project_of(repository)

    def request() -> CheckRequest:
        config = load_config(project.config)
        return CheckRequest(
            folder=repo,
            repository=repository,
            contract=contract_source(contract or config.check.contract, project.root, config),
            config=config,
            base=base or config.check.base,
            head=WORKTREE if watch else head,
            only=only,
            scope=scope,
            use_cache=not no_cache,
            sandbox="none" if no_sandbox else "auto",
        )

    first = request()  # what is wrong with the settings is said before anything begins
    if no_sandbox:
        output.remark("warning: --no-sandbox: the crate's build scripts and tests can do whatever you can")
    if watch:
        _refuse_odd_watch(repository, head, output)
        _watch(repository, request, output)
    if head == "HEAD":
        _remark_on_uncommitted(repository, output)
    with output.progress() as progress:
        report = _interruptible(replace(first, progress=progress.step), progress)
    output.answer(_rendered(report, output))
    return report.exit_code


def _refuse_odd_watch(repository: Repository, head: str, output: Output) -> None:
    if repository.bare:
        raise click.UsageError("--watch needs a checkout; this repository is bare.")
    if head not in ("HEAD", "WORKTREE"):
        raise click.UsageError("--watch judges uncommitted work: leave --head out.")
    if output.format != "terminal":
        raise click.UsageError("--watch shows verdicts as they come: leave --format out.")


def _watch(repository: Repository, request: Callable[[], CheckRequest], output: Output) -> NoReturn:
    """Check after every edit until Ctrl-C or termination, which end whatever runs."""
    import sys

    from ironwright.reporting.watching import WatchLines, WatchTable
    from ironwright.workflow.watch import watch_worktree

    def ignored(paths: Sequence[str]) -> frozenset[str]:
        asked = "".join(f"{path}\0" for path in paths if not path.startswith(".git/"))
        stdin = asked.encode("utf-8", "surrogateescape")
        done = repository.git("check-ignore", "-z", "--stdin", stdin=stdin, check=False)
        return frozenset(done.stdout.decode("utf-8", "surrogateescape").split("\0"))

    screen = output.screen()
    shown = WatchTable(sys.stdout, color=screen.color) if sys.stdout.isatty() else WatchLines(sys.stdout)
    with shown as view:
        watch_worktree(repository.root, request, ignored, view)
    raise AssertionError("a watch ends by being interrupted")


def _interruptible(request: CheckRequest, progress: Progress) -> CheckReport:
    """Run the check; Ctrl-C and termination end the commands that run before they are passed on."""
    import signal

    from ironwright.workflow.check import check_change

    def stop(_number: int, _frame: object) -> None:
        # Set before anything unwinds: the gates' threads are waited for, and only this ends what they run.
        request.stop.set()
        progress.step("stopping")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return check_change(request)


def _remark_on_uncommitted(repository: Repository, output: Output) -> None:
    if repository.bare or output.quiet:
        return
    dirty = repository.git("status", "--porcelain", "--untracked-files=normal", check=False).stdout
    if dirty:
        output.remark("note: uncommitted work is not judged; --head WORKTREE judges it")


def _rendered(report: CheckReport, output: Output) -> str:
    if output.format == "json":
        from ironwright.reporting.json import check_as_json

        return check_as_json(report)
    if output.format == "markdown":
        from ironwright.reporting.markdown import check_as_markdown

        return check_as_markdown(report)
    if output.format == "sarif":
        from ironwright.reporting.sarif import check_as_sarif

        return check_as_sarif(report)
    if output.format == "junit":
        from ironwright.reporting.junit import check_as_junit

        return check_as_junit(report)
    from ironwright.reporting.terminal import check_as_text

    return check_as_text(report, output.screen())
