"""``ironwright doctor``: which tools are there, which are missing; installs what it may."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode

if TYPE_CHECKING:
    from ironwright.host.install import InstallResult
    from ironwright.reporting.canvas import Canvas
    from ironwright.workflow.doctor import Diagnosis, ToolState


@click.command("doctor")
@click.argument("tools", nargs=-1, metavar="[TOOL]...")
@click.option(
    "--install",
    is_flag=True,
    help="Install what is missing, or only the TOOLs: by rustup, else apt, else cargo (minutes each).",
)
@click.option(
    "--repo", type=click.Path(path_type=Path), default=".", help="The project whose settings count."
)
@output_options("terminal", "json")
def command(tools: tuple[str, ...], install: bool, repo: Path, output: Output) -> int:
    """Say which tools are there and which are missing.

    Exit code 3 where the default gates lack one, or where a TOOL is missing.
    """
    from ironwright.host.tools import MissingTool, find_tool
    from ironwright.interfaces.cli.project import project_root
    from ironwright.records.config import load_config
    from ironwright.records.paths import ProjectPaths
    from ironwright.workflow.doctor import diagnose, install_missing

    _require_known(tools)  # a name that is wrong is told before anything is looked for
    config = load_config(ProjectPaths(project_root(repo)).config)
    with output.progress() as progress:
        diagnosis = diagnose(config, progress.step)
        if install:

            def told(result: InstallResult) -> None:
                for line in _what_was_done(result):
                    progress.note(line)

            install_missing(diagnosis, progress.step, told, tools)
            diagnosis = diagnose(config, progress.step)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json(diagnosis.as_json()))
    else:
        output.answer(_as_text(diagnosis, output))
    lacking = [name for name in tools if isinstance(find_tool(name), MissingTool)]
    return ExitCode.PASS if diagnosis.ready and not lacking else ExitCode.COULD_NOT_TELL


def _require_known(tools: tuple[str, ...]) -> None:
    from ironwright.host.tools import tool_named
    from ironwright.records.errors import ConfigError, ToolError

    for name in tools:
        try:
            tool_named(name)
        except ToolError as error:
            raise ConfigError(error.what, where="TOOL", advice=error.advice) from error


def _what_was_done(result: InstallResult) -> list[str]:
    from ironwright.host.tools import MissingTool

    lines = []
    for step in result.steps:
        lines.append(f"$ {shlex.join(step.argv)}  (exit code {step.exit_code})")
        if step.exit_code != 0:
            lines += [f"    {line}" for line in step.said.splitlines()]
    if isinstance(result.outcome, MissingTool):
        tried = "it was tried as shown above" if result.steps else "no way to install it is open here"
        lines.append(f"{result.tool.name} is still missing: {tried}. {result.outcome.advice}")
    else:
        lines.append(f"{result.tool.name} is at {result.outcome.path}")
    return lines


def _as_text(diagnosis: Diagnosis, output: Output) -> str:
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable

    canvas = Canvas(output.screen())
    canvas.line(("Tools", "bold"))
    for tool in diagnosis.tools:
        _write_tool(canvas, tool)
    canvas.blank()
    canvas.line(("Sandboxes", "bold"), ("  (the first that works is used)", "dim"))
    for box in diagnosis.sandboxes:
        _write_state(canvas, box.works, True, box.name, "works" if box.works else printable(box.problem))
        for remark in box.leaves_open:
            canvas.line(("not enforced: ", "dim"), remark, indent=6)
        if box.advice and not box.works:
            canvas.line(("→ ", "green"), printable(box.advice), indent=6)
    canvas.blank()
    canvas.line(("Models", "bold"), ("  (needed for `ironwright run` alone)", "dim"))
    for item in diagnosis.models:
        offers = "" if item.models is None else f", {item.models} models"
        _write_state(canvas, True, True, item.provider, printable(item.found) + offers)
    if not diagnosis.models:
        _write_state(canvas, False, False, "none", "no key is set and no server answers")
        canvas.line(("→ ", "green"), "`ironwright models` says what to set", indent=6)
    canvas.blank()
    if diagnosis.ready:
        canvas.line(("READY", "bold green"), "  every gate of the default contract can be judged")
    else:
        canvas.line(
            ("NOT READY", "bold red"),
            "  default gates would be UNKNOWN; `ironwright doctor --install` installs what it may",
        )
    return canvas.result()


def _write_tool(canvas: Canvas, tool: ToolState) -> None:
    from ironwright.reporting.untrusted import printable

    users = f"for {tool.purpose}" + (f" ({', '.join(tool.gates)})" if tool.gates else "")
    state = printable(f"{tool.version}, {tool.path}" if tool.ok else tool.problem)
    _write_state(canvas, tool.ok, tool.needed, tool.name, state)
    if not tool.ok:
        canvas.line((users, "dim"), indent=6)
        canvas.line(("→ ", "green"), printable(tool.advice), indent=6)


def _write_state(canvas: Canvas, ok: bool, needed: bool, name: str, state: str) -> None:
    mark = ("ok      ", "green") if ok else ("MISSING ", "bold red") if needed else ("missing ", "yellow")
    canvas.line(mark, f"{name:<15} ", state, indent=2, fold=False)
