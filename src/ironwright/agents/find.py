"""Finds agents, commands and project instructions on disk, the nearest first, then the bundled library."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ironwright.agents.dependencies import fill_command
from ironwright.agents.goose import CHECK_FOLDER
from ironwright.agents.hosts import host_agents, host_commands, markdown_of, package_files, recipe_files
from ironwright.agents.include import resolve_includes
from ironwright.agents.opencode import CONFIGS
from ironwright.agents.package import MANIFEST
from ironwright.agents.parse import complete_agent, load_agent, parse_agent, parse_command, require_usable
from ironwright.agents.plugins import MARKETPLACE_FILE, PLUGIN_FILE, find_plugins
from ironwright.agents.skills import SKILL_FOLDERS, is_skill
from ironwright.agents.source import read_bytes, read_source, read_tolerantly
from ironwright.library import LIBRARY_SCHEME, library_files, read_library
from ironwright.records.definition import Agent, Command, Include, Severity
from ironwright.records.errors import DefinitionError

_AGENT_FOLDERS = (
    ".claude/agents",
    ".opencode/agent",
    ".opencode/agents",
    ".agpm/agents",
    ".goose/agents",
    ".agents/agents",
)
_COMMAND_FOLDERS = (".claude/commands", ".opencode/command", ".opencode/commands", ".agpm/commands")
_USER_AGENTS = (
    ".claude/agents",
    ".config/opencode/agent",
    ".config/opencode/agents",
    ".goose/agents",
    ".agents/agents",
)
_USER_COMMANDS = (".claude/commands", ".config/opencode/command", ".config/opencode/commands")
_INSTRUCTIONS = ("CLAUDE.md", ".claude/CLAUDE.md", "AGENTS.md", ".goosehints")
_NO_DEFINITIONS = frozenset(["README", "CLAUDE", "AGENTS", "CHANGELOG", "LICENSE", "CONTRIBUTING", "INDEX"])
_FILE_SUFFIXES = (".md", ".txt", ".markdown", ".mdc", ".yaml", ".yml", ".json", ".jsonc")


class Origin(StrEnum):
    """Where a definition comes from, nearest first."""

    PROJECT = "project"
    USER = "user"
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class AgentSource:
    """An agent that was found.

    Attributes:
        name: Its name.
        path: Its file, or ``ironwright:<name>``.
        origin: Where it comes from.
        agent: The definition, without its includes; unusable where it has a finding of severity ERROR.
        project_root: Where its includes are looked up.
    """

    name: str
    path: str
    origin: Origin
    agent: Agent
    project_root: Path

    @property
    def usable(self) -> bool:
        """Whether :meth:`load` would read it."""
        return all(item.severity != Severity.ERROR for item in self.agent.findings)

    def load(self) -> Agent:
        """The agent with its includes.

        Raises:
            DefinitionError: The file or its includes cannot be used.
        """
        return complete_agent(self.agent, self.project_root)


@dataclass(frozen=True, slots=True)
class CommandSource:
    """A command that was found.

    Attributes:
        name: Its name without the slash.
        path: Its file, or ``ironwright:<name>``.
        origin: Where it comes from.
        command: The command; unusable where it has a finding of severity ERROR.
        project_root: Where the contents that its template asks for are looked up; None for none.
    """

    name: str
    path: str
    origin: Origin
    command: Command
    project_root: Path | None = None

    def load(self) -> Command:
        """The command, its template filled in.

        Raises:
            DefinitionError: The file or its template cannot be used.
        """
        require_usable(self.command.findings)
        if self.origin is Origin.PROJECT and self.project_root is not None:
            return fill_command(self.command, self.project_root)
        return self.command


def find_agents(project_root: Path, user_home: Path | None = None) -> Mapping[str, AgentSource]:
    """Every agent by name; where two share a name, the nearer one.

    Nearest first: the project's ``.claude/agents``, ``.opencode/agent(s)``, ``.agpm/agents``,
    ``.goose/agents``, ``.agents/agents``; its ``opencode.json``, goose recipes, AGPM manifest and plugins (as
    ``plugin:agent``); the user's folders of the same names; the bundled library.

    Args:
        project_root: The project's root.
        user_home: The user's home; None takes ``Path.home()``.
    """
    found: dict[str, AgentSource] = {}
    for _folder, path in _files(project_root, _AGENT_FOLDERS):
        agent = _tolerantly(path)
        found.setdefault(agent.name, AgentSource(agent.name, str(path), Origin.PROJECT, agent, project_root))
    for name, agent in host_agents(project_root):
        found.setdefault(name, AgentSource(name, agent.path, Origin.PROJECT, agent, project_root))
    for _folder, path in _files(_home(user_home), _USER_AGENTS):
        agent = _tolerantly(path)
        found.setdefault(agent.name, AgentSource(agent.name, str(path), Origin.USER, agent, project_root))
    for name in library_files()["agents"]:
        found.setdefault(name, bundled_agent(name, project_root))
    return found


def bundled_agent(name: str, project_root: Path) -> AgentSource:
    """An agent of the bundled library.

    Raises:
        KeyError: There is none of that name.
    """
    path = LIBRARY_SCHEME + name
    agent = parse_agent(read_library("agents", name), path)
    return AgentSource(name, path, Origin.BUNDLED, agent, project_root)


def find_commands(project_root: Path, user_home: Path | None = None) -> Mapping[str, CommandSource]:
    """Every command by name (folders join with ``:``); where two share a name, the nearer one.

    Args:
        project_root: The project's root.
        user_home: The user's home; None takes ``Path.home()``.
    """
    found: dict[str, CommandSource] = {}
    places = (
        (Origin.PROJECT, _files(project_root, _COMMAND_FOLDERS)),
        (Origin.USER, _files(_home(user_home), _USER_COMMANDS)),
    )
    for origin, files in places:
        for folder, path in files:
            name = command_name(path, folder)
            data, unreadable = read_tolerantly(path)
            command = parse_command(data, path, name)
            command = replace(command, findings=unreadable) if unreadable else command
            found.setdefault(name, CommandSource(name, str(path), origin, command, project_root))
        for name, command in host_commands(project_root) if origin is Origin.PROJECT else ():
            found.setdefault(name, CommandSource(name, command.path, origin, command, project_root))
    for name in library_files()["commands"]:
        bundled = LIBRARY_SCHEME + name
        command = parse_command(read_library("commands", name), bundled, name)
        found.setdefault(name, CommandSource(name, bundled, Origin.BUNDLED, command))
    return found


def command_name(path: Path, folder: Path) -> str:
    """A command's name: its path below the commands folder, joined with ``:``, without suffix."""
    return ":".join(path.relative_to(folder).with_suffix("").parts)


def resolve_agent(name_or_path: str, project_root: Path, user_home: Path | None = None) -> Agent:
    """The agent that a user names: a name, ``ironwright:<name>`` for a bundled one, or a file.

    A file's path is relative to the current folder; what looks like a file (a ``/`` or a Markdown suffix) is
    never looked up as a name.

    Raises:
        DefinitionError: There is no such agent (the message suggests near names), or it cannot be used.
    """
    if name_or_path.startswith(LIBRARY_SCHEME):
        name = name_or_path.removeprefix(LIBRARY_SCHEME)
        if name not in library_files()["agents"]:
            raise _unknown("bundled agent", name, library_files()["agents"])
        return bundled_agent(name, project_root).load()
    if "/" in name_or_path or name_or_path.endswith(_FILE_SUFFIXES):
        return load_agent(Path(os.path.expanduser(name_or_path)), project_root)  # noqa: PTH111
    agents = find_agents(project_root, user_home)
    found = agents.get(name_or_path) or _of_a_plugin(name_or_path, agents)
    if found is None:
        raise _unknown("agent", name_or_path, agents)
    return found.load()


def _of_a_plugin(name: str, agents: Mapping[str, AgentSource]) -> AgentSource | None:
    """The one agent that a plugin calls by that name, where only one does."""
    same = [source for key, source in agents.items() if key.endswith(f":{name}")]
    return same[0] if len(same) == 1 else None


def resolve_command(name: str, project_root: Path, user_home: Path | None = None) -> Command:
    """The command of that name, with or without its slash.

    Raises:
        DefinitionError: There is no such command (the message suggests near names), or it cannot be used.
    """
    commands = find_commands(project_root, user_home)
    bare = name.removeprefix("/")
    if bare not in commands:
        raise _unknown("command", bare, commands)
    return commands[bare].load()


def project_instructions(project_root: Path) -> tuple[Include, ...]:
    """The project's own instructions: ``CLAUDE.md``, ``AGENTS.md``, ``.goosehints`` and their imports.

    Each file once (a link from one to the other is one file), a file before what it imports. Imports that
    are missing, outside the project or deeper than five levels are reported by lint, not here.

    Raises:
        DefinitionError: A file cannot be read, or its imports are too deep or too large.
    """
    found: dict[Path, Include] = {}
    for name in _INSTRUCTIONS:
        path = project_root / name
        if not path.is_file() or path.resolve() in found:
            continue
        if not path.resolve().is_relative_to(project_root.resolve()):
            raise DefinitionError(
                "this is a link to a file outside the project",
                where=str(path),
                advice="Copy the file instead.",
            )
        source = read_source(read_bytes(path), str(path))
        if source.unusable and source.unusable.rule == "empty-file":
            continue
        require_usable(source.findings)
        found[path.resolve()] = Include(name, path, 1, source.text)
        # People write "keep @CLAUDE.md up to date" into it: what is read already is passed over.
        includes, _ = resolve_includes(source.text, 1, str(path), project_root, instructions=True)
        for include in includes:
            found.setdefault(include.path.resolve(), include)
    return tuple(found.values())


def _home(user_home: Path | None) -> Path | None:
    home = Path(os.path.expanduser("~")) if user_home is None else user_home  # noqa: PTH111
    return home if home.is_absolute() else None  # a user without a home has no agents there


def _files(root: Path | None, folders: Iterable[str]) -> Iterator[tuple[Path, Path]]:
    """Each definition file of the folders, with its folder."""
    for folder in folders if root is not None else ():
        assert root is not None
        for path in definition_files(root / folder):
            if is_definition_name(path):
                yield root / folder, path


def _tolerantly(path: Path) -> Agent:
    data, unreadable = read_tolerantly(path)
    agent = parse_agent(data, path)
    return replace(agent, findings=unreadable) if unreadable else agent


def project_definitions(project_root: Path) -> tuple[Path, ...]:
    """The project's own agents, commands, snippets, skills, recipes and manifests, and its instructions."""
    folders = (*_AGENT_FOLDERS, *_COMMAND_FOLDERS, ".agpm/snippets", ".claude/snippets", CHECK_FOLDER)
    below = [path for folder in folders for path in definition_files(project_root / folder)]
    below += [
        path for folder in SKILL_FOLDERS for path in definition_files(project_root / folder) if is_skill(path)
    ]
    below += [
        path
        for kind in ("agents", "commands", "snippets")
        for path in package_files(project_root, kind)
        if path not in {item.resolve() for item in below}
    ]
    for plugin in find_plugins(project_root):
        below += [path for place in (plugin.agents, plugin.commands) for path in markdown_of(place)]
    named = (*_INSTRUCTIONS, *CONFIGS, MANIFEST, PLUGIN_FILE, MARKETPLACE_FILE)
    below += recipe_files(project_root)
    return (*below, *(project_root / name for name in named if (project_root / name).is_file()))


def is_instructions(path: Path) -> bool:
    """Whether a file's name is that of a project's instructions."""
    return path.name in _INSTRUCTIONS


def definition_files(folder: Path) -> tuple[Path, ...]:
    """The Markdown files below a folder, in order of path."""
    return tuple(sorted(path for path in folder.rglob("*.md") if not path.is_dir()))


def is_definition_name(path: Path) -> bool:
    """Whether a file's name is that of a definition, and not of a README or its like."""
    return path.stem.upper() not in _NO_DEFINITIONS


def _unknown(kind: str, name: str, known: Iterable[str]) -> DefinitionError:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        advice = f"Did you mean {' or '.join(near)}?"
    else:
        advice = f"There are: {', '.join(names[:20])}{' …' if len(names) > 20 else ''}."
    return DefinitionError(f"there is no {kind} named {name!r}", advice=advice)
