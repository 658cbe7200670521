"""``ironwright models``: the models that can be used from here, and what the short names mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode

if TYPE_CHECKING:
    from ironwright.models.listing import ModelInfo


@click.command("models")
@click.option(
    "--repo", type=click.Path(path_type=Path), default=".", help="The project whose settings count."
)
@output_options("terminal", "json")
def command(repo: Path, output: Output) -> int:
    """List the models that keys and servers open, with prices; exit 3 where there is none."""
    from ironwright.interfaces.cli.project import project_root
    from ironwright.models.listing import list_models
    from ironwright.records.config import load_config
    from ironwright.records.paths import ProjectPaths

    config = load_config(ProjectPaths(project_root(repo)).config)
    with output.progress() as progress:
        progress.step("looking for keys and for servers on this machine")
        models = list_models(config)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json({"models": [model.as_json() for model in models]}))
    elif models:
        output.answer(_models_as_text(models, output))
    if models:
        return ExitCode.PASS
    from ironwright.interfaces.cli.failure import tell
    from ironwright.models.resolve import resolve
    from ironwright.records.errors import ModelError

    try:
        resolve(None, None, config)
    except ModelError as error:
        tell(error)
        return error.exit_code
    return ExitCode.COULD_NOT_TELL


def _models_as_text(models: tuple[ModelInfo, ...], output: Output) -> str:
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable

    def price(dollars: float | None) -> str:
        return "unknown" if dollars is None else f"${dollars:g}"

    canvas = Canvas(output.screen())
    canvas.table(
        [
            ("model", {"no_wrap": True}),
            ("means here", {"no_wrap": True}),
            ("context", {"justify": "right", "no_wrap": True}),
            ("in / Mtok", {"justify": "right", "no_wrap": True}),
            ("out / Mtok", {"justify": "right", "no_wrap": True}),
            ("found by", {"overflow": "fold"}),
        ],
        [
            [
                canvas.text((printable(f"{model.provider}:{model.id}"), "bold" if model.roles else "")),
                canvas.text((", ".join(model.roles), "green")),
                canvas.text(f"{model.context:,}" if model.context else "unknown"),
                canvas.text(price(model.input_mtok)),
                canvas.text(price(model.output_mtok)),
                canvas.text((printable(model.found), "dim")),
            ]
            for model in models
        ],
    )
    return canvas.result()
