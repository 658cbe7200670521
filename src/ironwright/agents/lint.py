"""Lints definition files: says of each what is odd, on which line, and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ironwright.agents.find import (
    command_name,
    definition_files,
    find_agents,
    find_commands,
    is_definition_name,
    is_instructions,
    project_definitions,
)
from ironwright.agents.include import resolve_includes
from ironwright.agents.lint_rules import AGENT_RULES, COMMAND_RULES, SNIPPET_RULES, Surroundings, key_line
from ironwright.agents.parse import parse_agent
from ironwright.agents.source import read_tolerantly
from ironwright.agents.tools import parse_tools
from ironwright.records.definition import Agent, LintFinding, Severity
from ironwright.records.errors import DefinitionError

_OPENING = re.compile(r"\s*-{3,}\s*$")


class Kind(StrEnum):
    """What a Markdown file is, told by its folders, else by its frontmatter."""

    AGENT = "agent"
    COMMAND = "command"
    SNIPPET = "snippet"
    DOCUMENT = "document"


_FOLDERS = {
    "agent": Kind.AGENT,
    "agents": Kind.AGENT,
    "command": Kind.COMMAND,
    "commands": Kind.COMMAND,
    "snippet": Kind.SNIPPET,
    "snippets": Kind.SNIPPET,
    "docs": Kind.DOCUMENT,
    "skills": Kind.DOCUMENT,
}
_RULES = {Kind.AGENT: AGENT_RULES, Kind.COMMAND: COMMAND_RULES, Kind.SNIPPET: SNIPPET_RULES}
# What parsing says of an agent and does not hold for the other kinds.
_ONLY_AGENTS = frozenset(("no-frontmatter", "missing-name", "missing-description"))


@dataclass(frozen=True, slots=True)
class _Linted:
    path: Path
    kind: Kind
    agent: Agent
    unreadable: tuple[LintFinding, ...]


def lint_paths(
    paths: Sequence[Path], project_root: Path, user_home: Path | None = None
) -> tuple[LintFinding, ...]:
    """Lint definition files.

    A folder stands for the definitions below it: agents, commands and snippets, told by their folders or
    by their frontmatter, and ``CLAUDE.md`` and ``AGENTS.md``; other Markdown is left alone. A file that is
    named is linted whatever it is. Files of another project are judged with that project's snippets.

    Args:
        paths: Files and folders; none stands for the project's own definitions and instructions.
        project_root: Where includes, agents and commands that they refer to are looked up.
        user_home: The user's home; None takes ``Path.home()``.

    Returns:
        The findings in order of path and line.

    Raises:
        DefinitionError: A path does not exist, or a folder that was named holds no Markdown file.
    """
    files = [_parsed(path, named) for path, named in _files(paths, project_root)]
    files = [item for item in files if item.kind != Kind.DOCUMENT]
    around = Surroundings(
        frozenset(find_agents(project_root, user_home))
        | {item.agent.name for item in files if item.kind == Kind.AGENT},
        frozenset(find_commands(project_root, user_home))
        | {_command_name(item.path) for item in files if item.kind == Kind.COMMAND},
    )
    findings = [finding for item in files for finding in _lint(item, around, project_root)]
    findings.extend(_duplicates(files))
    return tuple(sorted(findings, key=lambda item: (item.path, item.line, item.rule, item.message)))


def _files(paths: Sequence[Path], project_root: Path) -> Iterator[tuple[Path, bool]]:
    """Each file once, with whether it was named itself."""
    if not paths:
        yield from ((path, False) for path in project_definitions(project_root))
        return
    seen: set[Path] = set()
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110  (pathlib raises for names that no file can have)
            raise DefinitionError(
                "there is no such file or folder", where=str(path), advice="Check the path's spelling."
            )
        if path.is_dir():
            below = definition_files(path)
            if not below:
                raise DefinitionError(
                    "there is no Markdown file in this folder",
                    where=str(path),
                    advice="Name the files themselves where they end otherwise.",
                )
        else:
            below = (path,)
        for file in below:
            if file not in seen:
                seen.add(file)
                yield file, not path.is_dir()


def _parsed(path: Path, named: bool) -> _Linted:
    data, unreadable = read_tolerantly(path)
    kind = _kind(path, data, named)
    agent = parse_agent(data, path)
    if kind == Kind.COMMAND:
        agent = replace(agent, tools=parse_tools(agent.metadata.get("allowed-tools")))
    return _Linted(path, kind, agent, unreadable)


def _kind(path: Path, data: bytes, named: bool) -> Kind:
    if is_instructions(path):
        return Kind.SNIPPET  # like a snippet it is text that agents are given
    folders = [_FOLDERS[part] for part in reversed(path.parts[:-1]) if part in _FOLDERS]
    # `.agpm/snippets/agents/x.md` is the text that several agents include, not an agent.
    by_folder = Kind.SNIPPET if Kind.SNIPPET in folders else next(iter(folders), None)
    if by_folder in _RULES and (named or is_definition_name(path)):
        return by_folder or Kind.AGENT
    if named:
        return Kind.AGENT
    if by_folder is None and is_definition_name(path):
        first, _, rest = data[:4096].decode("utf-8", "replace").lstrip("\ufeff\r\n \t").partition("\n")
        if _OPENING.match(first) and re.search(r"^name[ \t]*:", rest, re.MULTILINE):
            return Kind.AGENT
    return Kind.DOCUMENT


def _command_name(path: Path) -> str:
    below = next((folder for folder in path.parents if folder.name in ("commands", "command")), path.parent)
    return command_name(path, below)


def _lint(item: _Linted, around: Surroundings, project_root: Path) -> Iterator[LintFinding]:
    if item.unreadable:
        yield from item.unreadable
        return
    agent = item.agent
    errors = [finding for finding in agent.findings if finding.severity == Severity.ERROR]
    if errors:
        yield from errors
        return
    for finding in agent.findings:
        if item.kind == Kind.AGENT or finding.rule not in _ONLY_AGENTS:
            yield finding
    for rule in _RULES[item.kind]:
        yield from rule(agent, around)
    if item.kind != Kind.COMMAND:  # a command's @path is read when it is run
        yield from _includes(agent, _root_of(item.path, project_root))


def _root_of(path: Path, project_root: Path) -> Path:
    """The project's root for its own files; for others the nearest folder that looks like one."""
    path = path.absolute()
    if path.is_relative_to(project_root.absolute()):
        return project_root
    marks = (".git", ".agpm", ".claude", ".opencode")
    roots = (folder for folder in path.parents if any((folder / mark).exists() for mark in marks))
    return next(roots, project_root)


def _includes(agent: Agent, project_root: Path) -> Iterable[LintFinding]:
    try:
        instructions = is_instructions(Path(agent.path))
        return resolve_includes(
            agent.body, agent.body_line, agent.path, project_root, instructions=instructions
        )[1]
    except DefinitionError as error:
        finding = LintFinding(
            "unusable-includes", Severity.ERROR, agent.path, agent.body_line, error.what, error.advice
        )
        return (finding,)


def _duplicates(files: Iterable[_Linted]) -> Iterator[LintFinding]:
    """Two agents of one collection (one ``agents`` folder) with one name: only one of them can be called."""
    first: dict[tuple[Path, str], Path] = {}
    for item in files:
        if item.kind != Kind.AGENT or item.unreadable:
            continue
        collection = next(
            (f for f in item.path.parents if _FOLDERS.get(f.name) == Kind.AGENT), item.path.parent
        )
        other = first.setdefault((collection, item.agent.name), item.path)
        if other != item.path:
            yield LintFinding(
                "duplicate-name",
                Severity.WARNING,
                str(item.path),
                key_line(item.agent, "name"),
                f"`{item.agent.name}` is also the name of {other}",
                "Give one of them another name.",
            )
