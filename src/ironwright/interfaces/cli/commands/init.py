"""``ironwright init``: writes a commented ``ironwright.toml``."""

from __future__ import annotations

from pathlib import Path

import click

from ironwright.interfaces.cli.output import Output


@click.command("init")
@click.option(
    "--repo", type=click.Path(path_type=Path), default=".", help="The repository (default: this folder)."
)
@click.option("--print", "only_print", is_flag=True, help="Write it to stdout and touch no file.")
def command(repo: Path, only_print: bool) -> int:
    """Write a commented ironwright.toml at the repository's top; a file that is there is never touched."""
    from ironwright.gates.catalog import gates
    from ironwright.host.git import open_repository
    from ironwright.records.errors import RepositoryError
    from ironwright.records.paths import ProjectPaths
    from ironwright.workflow.settings_file import settings_template, write_settings

    text = settings_template(gates().values())
    output = Output()
    if only_print:
        output.answer(text)
        return 0
    repository = open_repository(repo)
    if repository.bare:
        raise RepositoryError(
            "this repository is bare, it has no checkout to write to",
            where=str(repository.root),
            advice="Use `ironwright init --print` and commit the file yourself.",
        )
    path = ProjectPaths(repository.root).config
    write_settings(path, text)
    output.answer(
        f"wrote {path}\nEvery setting is commented out: it changes nothing until you uncomment one."
    )
    return 0
