"""``ironwright models``: the models that can be used from here, what they can do, and fetching one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode, ModelError

if TYPE_CHECKING:
    from ironwright.models.discover import Discovery
    from ironwright.models.listing import ModelInfo
    from ironwright.models.ollama import PullProgress
    from ironwright.records.config import Config

_repo = click.option(
    "--repo", type=click.Path(path_type=Path), default=".", help="The project whose settings count."
)


@click.group("models", invoke_without_command=True)
@_repo
@click.option("--refresh", is_flag=True, help="Ask the servers again what is remembered; forget probes.")
@click.option("--probe", is_flag=True, help="Find out by tiny real requests what the used models can do.")
@click.option(
    "--model", "names", multiple=True, metavar="NAME", help="With --probe: this model; may be repeated."
)
@click.option("-y", "--yes", is_flag=True, help="With --probe: pay without being asked.")
@output_options("terminal", "json")
@click.pass_context
def command(
    ctx: click.Context,
    repo: Path,
    refresh: bool,
    probe: bool,
    names: tuple[str, ...],
    yes: bool,
    output: Output,
) -> int | None:
    """List the models that keys and servers open, what each can do and costs, and what runs use it for.

    Exit 3 where there is none. `ironwright models pull NAME` fetches one for Ollama.
    """
    if ctx.invoked_subcommand is not None:
        return None
    from ironwright.models.discover import discover
    from ironwright.models.listing import list_models

    config = _config(repo)
    with output.progress() as progress:
        progress.step("looking for keys and for servers on this machine")
        found = discover(config, refresh=refresh)
        models = list_models(config, discovery=found)
    if probe:
        _probe_all(config, found, models, names, yes, output)
        models = list_models(config)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        silent = list(found.silent)
        output.answer(data_as_json({"models": [model.as_json() for model in models], "silent": silent}))
    elif models:
        output.answer(_models_as_text(models, output))
    for url in found.silent:
        output.remark(f"{url} of [models] servers did not answer")
    return ExitCode.PASS if models else _nothing(config, found)


@command.command("pull")
@click.argument("name")
@_repo
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
def pull(name: str, repo: Path, quiet: bool) -> int:
    """Fetch the model NAME for Ollama (OLLAMA_HOST says where it listens)."""
    from ironwright.models.discover import ollama_address
    from ironwright.models.ollama import OllamaClient

    output = Output(quiet=quiet)
    address = ollama_address(os.environ.get("OLLAMA_HOST"))
    if not name.strip() or any(character.isspace() for character in name):
        raise ModelError(f"{name!r} is no model's name", advice="Write it as `qwen3:8b`.")
    with output.progress() as progress, OllamaClient(address) as client:
        progress.step(f"asking Ollama for {name}")
        for moment in client.pull(name):
            progress.step(_pulling(name, moment))
    output.answer(f"{name} is there; use it with --model ollama:{name}")
    return ExitCode.PASS


def _pulling(name: str, moment: PullProgress) -> str:
    if not moment.total:
        return f"{name}: {moment.status}"
    share = 100 * moment.completed // moment.total
    # Tenths of a layer: where there is no terminal each step is a line of its own.
    return f"{name}: {share // 10 * 10} % of {moment.total / 1e6:,.0f} MB ({moment.digest[7:19]})"


def _config(repo: Path) -> Config:
    from ironwright.interfaces.cli.project import project_root
    from ironwright.records.config import load_config
    from ironwright.records.paths import ProjectPaths

    return load_config(ProjectPaths(project_root(repo)).config)


def _nothing(config: Config, found: Discovery) -> int:
    """Say what to set, where nothing can be used."""
    from ironwright.interfaces.cli.failure import tell
    from ironwright.models.resolve import resolve

    try:
        resolve(None, None, config, discovery=found)
    except ModelError as error:
        tell(error)
        return error.exit_code
    return ExitCode.COULD_NOT_TELL


def _probe_all(
    config: Config,
    found: Discovery,
    models: Sequence[ModelInfo],
    names: tuple[str, ...],
    yes: bool,
    output: Output,
) -> None:
    """Probe the named models, or those that runs use; what costs money is asked for first."""
    import asyncio

    from ironwright.models.known_models import KnownModels, probe_key
    from ironwright.models.probe import differences, most_dollars, probe
    from ironwright.models.resolve import resolve

    wanted = names or tuple(model.label for model in models if model.serves)
    by_label = {model.label: model for model in models}
    for name in wanted:
        resolved = resolve(name, None, config, discovery=found)
        known = by_label.get(resolved.label)
        if not _may_pay(resolved.label, most_dollars(resolved), yes, output):
            output.remark(f"{resolved.label} is not probed")
            continue
        try:
            with output.progress() as progress:
                result = asyncio.run(probe(resolved, progress=progress.step))
        except ModelError as error:
            output.remark(f"{resolved.label} could not be probed: {error}")
            continue
        cost = "at an unknown price" if result.dollars is None else f"for ${result.dollars:.4f}"
        output.remark(f"{resolved.label} was probed {cost}")
        for remark in (*result.remarks, *(differences(known.can, result.model) if known else ())):
            output.remark(f"  {remark}")
        memory = KnownModels.load()
        digest = known.can.digest if known else ""
        memory.probe(probe_key(resolved.found, resolved.id, digest), result.model)
        memory.save()


def _may_pay(label: str, dollars: float | None, yes: bool, output: Output) -> bool:
    """Whether a probe may be paid; without a terminal to ask on, only ``--yes`` says so."""
    import sys

    if dollars == 0.0 or yes:
        return True
    price = "its price is not known" if dollars is None else f"at most ${dollars:.3f}"
    if not sys.stdin.isatty():
        output.remark(f"probing {label} costs money ({price}); --yes pays it")
        return False
    return click.confirm(f"Probing {label} costs money ({price}). Go on?", default=False, err=True)


_MARKS = {True: "yes", False: "no", None: "?"}


def _models_as_text(models: Sequence[ModelInfo], output: Output) -> str:
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable

    def price(dollars: float | None) -> str:
        return "unknown" if dollars is None else f"${dollars:g}"

    canvas = Canvas(output.screen())
    canvas.table(
        [
            ("model", {"no_wrap": True}),
            ("means here", {"overflow": "fold"}),
            ("used as", {"overflow": "fold"}),
            ("context", {"justify": "right", "no_wrap": True}),
            ("in / Mtok", {"justify": "right", "no_wrap": True}),
            ("out / Mtok", {"justify": "right", "no_wrap": True}),
        ],
        [
            [
                canvas.text((printable(model.label), "bold" if model.roles else "")),
                canvas.text((", ".join(model.roles), "green")),
                canvas.text((", ".join(model.serves), "cyan")),
                canvas.text(f"{model.context:,}" if model.context else "unknown"),
                canvas.text(price(model.input_mtok)),
                canvas.text(price(model.output_mtok)),
            ]
            for model in models
        ],
    )
    canvas.blank()
    canvas.table(
        [
            ("what they can do", {"no_wrap": True}),
            ("works by", {"no_wrap": True}),
            ("parallel", {"no_wrap": True}),
            ("schema", {"no_wrap": True}),
            ("images", {"no_wrap": True}),
            ("thinking", {"no_wrap": True}),
            ("says", {"no_wrap": True}),
            ("found by", {"overflow": "fold"}),
        ],
        [
            [
                canvas.text(printable(model.label)),
                canvas.text((_works_by(model), "yellow" if model.works_by == "text" else "")),
                canvas.text(_MARKS[model.can.parallel_tools]),
                canvas.text(_MARKS[model.can.structured_output]),
                canvas.text(_MARKS[model.can.images]),
                canvas.text(_MARKS[model.can.thinking]),
                canvas.text(("a probe" if model.probed else _told_by(model), "dim")),
                canvas.text((printable(model.found), "dim")),
            ]
            for model in models
        ],
    )
    return canvas.result()


def _told_by(model: ModelInfo) -> str:
    return "its server" if "://" in model.found else "its profile"


def _works_by(model: ModelInfo) -> str:
    return "tools ?" if model.can.chats and model.can.tools is None else model.works_by
