"""``ironwright route``: which agent a request goes to, how sure that is, and why."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode

if TYPE_CHECKING:
    from ironwright.records.definition import Agent
    from ironwright.routing.route import Route


@click.command("route")
@click.argument("text")
@click.option(
    "--agents",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Choose among the definitions below this folder (default: those of the project).",
)
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="Any folder of the project.")
@click.option("--model", metavar="NAME", help="Whom to ask where the scores do not decide.")
@click.option("--no-model", is_flag=True, help="Ask no model, whatever ironwright.toml says.")
@output_options("terminal", "json")
def command(
    text: str, folder: Path | None, repo: Path, model: str | None, no_model: bool, output: Output
) -> int:
    """Say which agent TEXT goes to (`-` reads it from stdin), and why.

    Offline. Where no agent leads clearly, the best five go to the model that --model or ironwright.toml
    names; without one you are asked, or, where nobody can be, told to decide. Exit 0 decided, 3 not decided
    or nothing fits.
    """
    from ironwright.routing.index_cache import read_agents
    from ironwright.routing.request import MAX_CHARACTERS
    from ironwright.routing.route import Router

    text = _request(text)
    agents = _agents(folder, repo, output)
    if len(text) > MAX_CHARACTERS:
        output.remark(f"the request is long: its first {MAX_CHARACTERS:,} characters decide")
    route = Router(agents, read_agents(agents)).route(text)
    if not route.accepted and route.agent is not None:
        descriptions = {agent.name: agent.description for agent in agents}
        route = _decided(route, text, descriptions, repo, None if no_model else (model or ""), output)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json(route.as_json()))
    else:
        output.answer(_as_text(route, output))
    if not route.accepted:
        names = ", ".join(candidate.name for candidate in route.candidates)
        output.remark(f"not decided among: {names}" if names else "not decided")
        output.remark("decide it yourself: ironwright run --agent NAME, or name the agent in the request")
    return ExitCode.PASS if route.accepted else ExitCode.COULD_NOT_TELL


def _request(text: str) -> str:
    if text != "-":
        return text
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _agents(folder: Path | None, repo: Path, output: Output) -> list[Agent]:
    """The usable agents of a folder, or of the project; the first of a name counts."""
    from ironwright.agents.find import find_agents
    from ironwright.interfaces.cli.project import project_root

    if folder is None:
        sources = find_agents(project_root(repo)).values()
        return [source.agent for source in sources if source.usable]
    from ironwright.agents.find import definition_files, is_definition_name
    from ironwright.agents.parse import parse_agent
    from ironwright.agents.source import read_tolerantly
    from ironwright.records.definition import Severity
    from ironwright.records.errors import DefinitionError

    if not folder.is_dir():
        raise DefinitionError("there is no such folder", where=str(folder), advice="Give --agents DIR.")
    found: dict[str, Agent] = {}
    for path in definition_files(folder):
        if not is_definition_name(path):
            continue
        data, unreadable = read_tolerantly(path)
        agent = parse_agent(data, path)
        broken = [item for item in (*unreadable, *agent.findings) if item.severity == Severity.ERROR]
        if broken:
            output.remark(f"left out: {path}:{broken[0].line}: {broken[0].message}")
        elif agent.name in found:
            output.remark(
                f"left out: {path}: {found[agent.name].path} has the same name, {agent.name}, and comes first"
            )
        else:
            found[agent.name] = agent
    if not found:
        raise DefinitionError(
            "there are no agents in this folder",
            where=str(folder),
            advice="Agents are Markdown files; name the folder that holds them.",
        )
    return list(found.values())


def _decided(
    route: Route, text: str, descriptions: Mapping[str, str], repo: Path, model: str | None, output: Output
) -> Route:
    """Have the configured model decide, or the user; the route as it is where neither can be asked.

    Args:
        route: What the scores found.
        text: The request.
        descriptions: The agents' descriptions by name.
        repo: A folder of the project, for its settings.
        model: A model's name, empty for the one in the settings, None for none.
        output: Where the user is asked.
    """
    if model is not None:
        from ironwright.interfaces.cli.project import project_root
        from ironwright.records.config import load_config
        from ironwright.records.paths import ProjectPaths

        config = load_config(ProjectPaths(project_root(repo)).config)
        name = model or config.run.model or config.models.default
        if name:
            from ironwright.interfaces.cli.failure import silence_libraries
            from ironwright.models.connect import connect
            from ironwright.models.resolve import resolve
            from ironwright.routing.ask_model import ask_model

            silence_libraries()
            resolved = resolve(name, None, config)
            output.remark(f"{route.reason} Asking {resolved.label}.")
            return ask_model(route, text, descriptions, connect(resolved))
    if output.format == "terminal" and sys.stdin.isatty() and sys.stderr.isatty():
        return _asked(route)
    return route


def _asked(route: Route) -> Route:
    from dataclasses import replace

    from ironwright.reporting.untrusted import printable

    click.echo(printable(route.reason), err=True)
    for number, candidate in enumerate(route.candidates, start=1):
        click.echo(f"  {number}  {printable(candidate.name)}: {printable(candidate.why)}", err=True)
    number = click.prompt(
        "Which one (0 for none)?", type=click.IntRange(0, len(route.candidates)), default=1, err=True
    )
    if number == 0:
        return replace(route, agent=None, reason="You chose none of the candidates.", by="user")
    name = route.candidates[number - 1].name
    return replace(route, agent=name, accepted=True, reason=f"You chose {name}.", by="user")


def _as_text(route: Route, output: Output) -> str:
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable

    canvas = Canvas(output.screen())
    if route.accepted:
        canvas.line((printable(route.agent or ""), "bold"))
    canvas.line(printable(route.reason))
    canvas.blank()
    canvas.table(
        [
            ("candidate", {"no_wrap": True}),
            ("score", {"no_wrap": True, "justify": "right"}),
            ("why", {"overflow": "fold", "ratio": 1}),
        ],
        [
            [
                canvas.text((printable(candidate.name), "bold")),
                canvas.text(f"{candidate.score:.2f}"),
                canvas.text(printable(candidate.why)),
            ]
            for candidate in route.candidates
        ],
    )
    return canvas.result()
