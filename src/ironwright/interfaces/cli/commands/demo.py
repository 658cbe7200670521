"""``ironwright demo``: the main job on a small crate, with a recorded model; no key, no network."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options

if TYPE_CHECKING:
    from ironwright.records.report import RunReport

_INTRODUCTION = """\
This makes a small Rust crate with a real gap and has the bundled agent `engineer` close it.
The model's part is a RECORDING: no model is asked, nothing is paid, no network is used.
Everything else is real: git, the sandbox, cargo, the gates, the journal, the report.
The recorded model first makes an honest mistake; watch what the gates say to it."""


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Make the crate in this empty folder (default: a temporary one).",
)
@click.option("--no-sandbox", is_flag=True, help="Run without a sandbox (the crate is Ironwright's own).")
@output_options("terminal", "json", "markdown")
def command(folder: Path | None, no_sandbox: bool, output: Output) -> int:
    """Show the main job on a small crate that is made for it, with a recorded model."""
    from ironwright.interfaces.cli.failure import silence_libraries
    from ironwright.interfaces.cli.narrator import Narrator
    from ironwright.interfaces.cli.run_report import rendered
    from ironwright.workflow.demo import TASK, demo_request, forget_crate, make_crate
    from ironwright.workflow.launch import run_task

    for line in _INTRODUCTION.splitlines():
        output.remark(line)
    place = folder or Path(tempfile.mkdtemp(prefix="ironwright-demo-"))
    silence_libraries()
    with output.progress() as progress:
        progress.note(f"crate: {place}")
        crate = make_crate(place.resolve())
        progress.note(f"task: {TASK}")
        try:
            report = run_task(
                demo_request(crate, sandbox="none" if no_sandbox else "auto"), Narrator(progress)
            )
        except BaseException:
            if folder is None:
                shutil.rmtree(place, ignore_errors=True)
            raise
        finally:
            forget_crate(crate)
    text = rendered(report, output)
    if output.format == "terminal":
        text = f"{text}\n{_what_now(report)}"
    output.answer(text)
    return report.exit_code


def _what_now(report: RunReport) -> str:
    """Where everything is, and how to do the same with a real model."""
    folder = Path(report.journal).parent
    program = "ironwright" if shutil.which("ironwright") else sys.argv[0]
    lines = [
        "The model's part was a recording; everything else was real. Look for yourself:",
        f"  the branch    git -C {report.repository} log --stat -p main..{report.branch}",
        f"  the report    {folder / 'report.md'}",
        f"  the journal   {report.journal}",
        f"  judge again   {program} check --repo {report.repository} --base main --head {report.branch}",
        "With a real model, in a crate of your own:",
        "  export ANTHROPIC_API_KEY=…      (or another one; `ironwright models` shows what is found)",
        f'  {program} run "what is to be done" --agent engineer',
    ]
    return "\n".join(lines)
