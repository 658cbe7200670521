"""``ironwright run``: has an agent do a task on a branch of its own, and proves the work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options

if TYPE_CHECKING:
    from ironwright.records.report import RunReport
    from ironwright.workflow.request import RunRequest


@click.command("run")
@click.argument("task")
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="Any folder of the repository.")
@click.option("--agent", metavar="NAME|FILE", help="Who works (default: the task chooses).")
@click.option("--model", metavar="NAME", help="haiku, sonnet, opus, an id, or provider:id.")
@click.option(
    "--engine",
    type=click.Choice(["native", "claude-code"]),
    help="What carries the conversation with the model.",
)
@click.option("--base", metavar="REV", default="HEAD", show_default=True, help="Start from here.")
@click.option("--repairs", type=click.IntRange(min=0), help="How often findings are handed back.")
@click.option("--max-usd", type=click.FloatRange(min=0, min_open=True), help="What the run may cost.")
@click.option("--max-turns", type=click.IntRange(min=1), help="How many model requests it may make.")
@click.option("--max-minutes", type=click.FloatRange(min=0, min_open=True), help="How long it may work.")
@click.option("--unattended", is_flag=True, help="Ask nobody: questions are decided by a stated assumption.")
@click.option(
    "--override-escalation",
    metavar="REASON",
    default="",
    help="Allow an agent for escalation although too few attempts failed; the reason is recorded and shown.",
)
@click.option(
    "--no-sandbox",
    is_flag=True,
    help="Run the agent's commands WITHOUT a sandbox; only on a throw-away machine.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Only show who would begin and why, with the numbers; nothing is started or paid.",
)
@output_options("terminal", "json", "markdown")
def command(
    task: str,
    repo: Path,
    agent: str | None,
    model: str | None,
    engine: str | None,
    base: str,
    repairs: int | None,
    max_usd: float | None,
    max_turns: int | None,
    max_minutes: float | None,
    unattended: bool,
    override_escalation: str,
    no_sandbox: bool,
    explain: bool,
    output: Output,
) -> int:
    """Have an agent do TASK on a new branch; deliver it only when the gates pass.

    Your checkout, index and branches are not touched. Ctrl-C stops the run; `ironwright runs resume` goes
    on with it. Exit 0 delivered, 1 refused by a gate, 3 could not tell or waiting, 130 interrupted.
    """
    from ironwright.interfaces.cli.failure import silence_libraries
    from ironwright.interfaces.cli.narrator import Narrator
    from ironwright.interfaces.cli.run_report import rendered
    from ironwright.workflow.launch import run_task
    from ironwright.workflow.request import RunRequest

    if no_sandbox:
        output.remark(
            "warning: --no-sandbox: the agent's commands and the crate's code can do whatever you can"
        )
    request = RunRequest(
        task=task,
        folder=repo,
        agent=agent,
        model=model,
        engine=engine or "",
        base=base,
        repairs=repairs,
        max_usd=max_usd,
        max_turns=max_turns,
        max_minutes=max_minutes,
        unattended=unattended,
        sandbox="none" if no_sandbox else "auto",
        override_escalation=override_escalation,
    )
    silence_libraries()
    if explain:
        return explain_start(request, output)
    with output.progress() as progress:
        report = run_task(request, Narrator(progress))
    output.answer(rendered(report, output))
    advise(report, output)
    return report.exit_code


def explain_start(request: RunRequest, output: Output) -> int:
    """Show what a run would be and why; it is not started."""
    from ironwright.records.errors import ConfigError, ExitCode
    from ironwright.workflow.start import explain_run

    if output.format == "markdown":
        raise ConfigError("--explain has no Markdown", advice="Use --format terminal or json.")
    found = explain_run(request)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json(found.as_json()))
    else:
        from ironwright.interfaces.cli.explain_view import explanation_as_text

        output.answer(explanation_as_text(found, output.screen()))
    return ExitCode.PASS


def advise(report: RunReport, output: Output) -> None:
    """Tell people on stderr what they can do with a run that stopped."""
    from ironwright.records.report import Outcome

    if report.outcome is Outcome.WAITING:
        output.remark(f'answer it: ironwright runs answer {report.run_id} "TEXT"')
    elif report.outcome in (Outcome.INTERRUPTED, Outcome.FAILED):
        output.remark(f"go on with it: ironwright runs resume {report.run_id}")
    elif report.outcome is Outcome.DELIVERED:
        output.remark(f"look at it: git log -p {report.base[:10]}..{report.branch}")
