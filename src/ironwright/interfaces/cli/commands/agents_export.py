"""``ironwright agents export``: writes the bundled team, or chosen agents, for other hosts."""

from __future__ import annotations

from pathlib import Path

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--to",
    "host",
    type=click.Choice(["claude", "opencode", "agpm"]),
    required=True,
    help="Whose format: Claude Code, OpenCode, or an AGPM package.",
)
@click.option("--agent", "names", multiple=True, metavar="NAME", help="Only this agent (repeatable).")
@click.option("--force", is_flag=True, help="Write over files that say something else.")
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=".",
    help="Any folder of the project (default: this one).",
)
@output_options("terminal", "json")
def export_agents(
    folder: Path, host: str, names: tuple[str, ...], force: bool, repo: Path, output: Output
) -> int:
    """Write the bundled team, or chosen agents, into DIR in another host's format."""
    from ironwright.agents.export import Host, differing, export
    from ironwright.agents.find import resolve_agent, resolve_command
    from ironwright.interfaces.cli.project import project_root
    from ironwright.library import library_files
    from ironwright.records.errors import DefinitionError
    from ironwright.workflow.run_store import write_whole

    root = project_root(repo)
    bundled = library_files()
    agents = [resolve_agent(name, root) for name in names or bundled["agents"]]
    commands = [] if names else [resolve_command(name, root) for name in bundled["commands"]]
    files = export(Host(host), agents, commands)
    changed = differing(files, folder)
    if changed and not force:
        raise DefinitionError(
            f"{len(changed)} files are there and say something else: {', '.join(changed[:5])}"
            + (" …" if len(changed) > 5 else ""),
            where=str(folder),
            advice="Export to another folder, or write over them with --force.",
        )
    for item in files:
        path = folder / item.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DefinitionError(
                f"the folder cannot be made ({error.strerror})", where=str(path.parent)
            ) from error
        write_whole(path, item.content.encode())
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json({"files": [str(folder / item.path) for item in files]}))
        return ExitCode.PASS
    output.answer("\n".join(str(folder / item.path) for item in files))
    return ExitCode.PASS
