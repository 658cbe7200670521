"""The agents and commands that a project defines other than as Markdown in a known folder.

OpenCode's configuration, goose's recipes, the local resources of an AGPM manifest, Claude Code plugins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ironwright.agents.goose import RECIPE_FOLDERS, RECIPE_SUFFIXES, parse_recipe
from ironwright.agents.opencode import CONFIGS, opencode_agents
from ironwright.agents.package import MANIFEST, load_package
from ironwright.agents.parse import parse_agent, parse_command
from ironwright.agents.plugins import find_plugins
from ironwright.agents.source import read_tolerantly
from ironwright.records.definition import Agent, Command, LintFinding, Severity
from ironwright.records.errors import DefinitionError


def host_agents(project_root: Path) -> Iterator[tuple[str, Agent]]:
    """The name and definition of each; a file that cannot be read is an agent that is unusable."""
    for config in CONFIGS:
        path = project_root / config
        if path.is_file():
            try:
                for agent in opencode_agents(path, project_root):
                    yield agent.name, agent
            except DefinitionError as error:
                yield path.stem, _unusable(path, error)
    for path in recipe_files(project_root):
        agent = _read(path, recipe=True)
        yield agent.name, agent
    for path in package_files(project_root, "agents"):
        agent = _read(path)
        yield agent.name, agent
    for plugin in find_plugins(project_root):
        for path in markdown_of(plugin.agents):
            agent = _read(path)
            yield f"{plugin.name}:{agent.name}", agent


def host_commands(project_root: Path) -> Iterator[tuple[str, Command]]:
    """The name and definition of each command of an AGPM manifest and of plugins."""
    for path in package_files(project_root, "commands"):
        yield path.stem, _command(path, path.stem)
    for plugin in find_plugins(project_root):
        for path in markdown_of(plugin.commands):
            name = f"{plugin.name}:{path.stem}"
            yield name, _command(path, name)


def recipe_files(project_root: Path) -> tuple[Path, ...]:
    """The project's goose recipes, in order of path."""
    folders = [project_root / folder for folder in RECIPE_FOLDERS]
    return tuple(
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in RECIPE_SUFFIXES and path.is_file()
    )


def package_files(project_root: Path, kind: str) -> tuple[Path, ...]:
    """The local files of one kind that the project's AGPM manifest names.

    A manifest that cannot be read names none; lint says why.
    """
    if not (project_root / MANIFEST).is_file():
        return ()
    try:
        package = load_package(project_root)
    except DefinitionError:
        return ()
    found = (path for entry in package.entries if entry.kind == kind for path in package.files_of(entry))
    return tuple(dict.fromkeys(path for path in found if path.suffix.lower() == ".md"))


def markdown_of(places: tuple[Path, ...]) -> Iterator[Path]:
    """The Markdown files that a plugin's folders and files stand for."""
    for place in places:
        yield from sorted(place.rglob("*.md")) if place.is_dir() else (place,)


def _read(path: Path, *, recipe: bool = False) -> Agent:
    data, unreadable = read_tolerantly(path)
    agent = parse_recipe(data, path) if recipe else parse_agent(data, path)
    return replace(agent, findings=unreadable) if unreadable else agent


def _command(path: Path, name: str) -> Command:
    data, unreadable = read_tolerantly(path)
    command = parse_command(data, path, name)
    return replace(command, findings=unreadable) if unreadable else command


def _unusable(path: Path, error: DefinitionError) -> Agent:
    line = error.where.rpartition(":")[2]
    at = int(line) if line.isdigit() else 1
    finding = LintFinding("broken-manifest", Severity.ERROR, str(path), at, error.what, error.advice)
    return Agent(path.stem, "", str(path), "", "", 1, findings=(finding,))
