"""Lints definition files: says of each what is odd, on which line, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ironwright.agents.dependencies import fill_agent, missing_dependencies, values_are_known
from ironwright.agents.find import (
    command_name,
    find_agents,
    find_commands,
    is_definition_name,
    is_instructions,
)
from ironwright.agents.goose import CHECK_FOLDER, RECIPE_SUFFIXES, parse_recipe
from ironwright.agents.include import resolve_includes
from ironwright.agents.lint_collection import delegation_cycles, duplicate_names, similar_descriptions
from ironwright.agents.lint_files import lintable_files
from ironwright.agents.lint_numbers import contradicting_numbers
from ironwright.agents.lint_rules import AGENT_RULES, COMMAND_RULES, SNIPPET_RULES, Surroundings
from ironwright.agents.opencode import is_config, opencode_agents
from ironwright.agents.package import MANIFEST, MANIFESTS, lint_package
from ironwright.agents.parse import parse_agent, placed
from ironwright.agents.plugins import MARKETPLACE_FILE, PLUGIN_FILE, lint_plugin
from ironwright.agents.skills import SKILL_FILE, include_skills, is_skill, lint_skill
from ironwright.agents.source import read_tolerantly
from ironwright.agents.tools import parse_tools
from ironwright.records.definition import Agent, LintFinding, Severity
from ironwright.records.errors import DefinitionError

_AGENT_KEYS = (
    re.compile(r"^name[ \t]*:", re.MULTILINE),
    re.compile(r"^(?:description|tools|model)[ \t]*:", re.MULTILINE),
)
_OPENING = re.compile(r"\s*-{3,}\s*$")


class Kind(StrEnum):
    """What a file is, told by its name and folders, else by its frontmatter."""

    AGENT = "agent"
    CHECK = "check"
    COMMAND = "command"
    SNIPPET = "snippet"
    SKILL = "skill"
    RECIPE = "recipe"
    CONFIG = "configuration"
    PACKAGE = "package"
    PLUGIN = "plugin"
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
_RULES = {
    Kind.AGENT: AGENT_RULES,
    Kind.CHECK: AGENT_RULES,
    Kind.RECIPE: AGENT_RULES,
    Kind.COMMAND: COMMAND_RULES,
    Kind.SNIPPET: SNIPPET_RULES,
    Kind.SKILL: SNIPPET_RULES,
}
# What parsing says of an agent and does not hold for the other kinds.
_ONLY_AGENTS = {
    "no-frontmatter": (Kind.AGENT, Kind.SKILL),
    "missing-name": (Kind.AGENT, Kind.SKILL, Kind.CHECK),
    "missing-description": (Kind.AGENT, Kind.SKILL, Kind.RECIPE),
}
_WHOLE_FOLDERS = {Kind.PACKAGE: lint_package, Kind.PLUGIN: lint_plugin}


@dataclass(frozen=True, slots=True)
class Linted:
    """One definition that was linted.

    Attributes:
        path: Its file.
        kind: What it is.
        agent: The definition; its template filled in and its includes read where that can be done.
        findings: What is odd about it alone.
    """

    path: Path
    kind: Kind
    agent: Agent
    findings: tuple[LintFinding, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the definition could be read at all."""
        return all(item.severity is not Severity.ERROR for item in self.findings)


def lint_paths(
    paths: Sequence[Path], project_root: Path, user_home: Path | None = None
) -> tuple[LintFinding, ...]:
    """The findings of :func:`lint_definitions`."""
    return lint_definitions(paths, project_root, user_home)[0]


def lint_definitions(
    paths: Sequence[Path], project_root: Path, user_home: Path | None = None
) -> tuple[tuple[LintFinding, ...], tuple[Linted, ...]]:
    """Lint definition files.

    A folder stands for the definitions below it: agents, checks, commands, snippets, skills and recipes,
    told by their names and folders or by their frontmatter, manifests, and ``CLAUDE.md`` and ``AGENTS.md``;
    other files are left alone. A file that is named is linted whatever it is. Files of another project are
    judged with that project's snippets.

    Args:
        paths: Files and folders; none stands for the project's own definitions and instructions.
        project_root: Where includes, agents and commands that they refer to are looked up.
        user_home: The user's home; None takes ``Path.home()``.

    Returns:
        The findings in order of path and line, and the definitions they are about.

    Raises:
        DefinitionError: A path does not exist, or a folder that was named holds no definition file.
    """
    read = [
        (item, folder or project_root)
        for path, folder, named in lintable_files(paths, project_root)
        for item in _read(path, folder or project_root, named)
    ]
    files = [item for item, _ in read if item.kind is not Kind.DOCUMENT]
    around = Surroundings(
        frozenset(find_agents(project_root, user_home))
        | {item.agent.name for item in files if item.kind in (Kind.AGENT, Kind.RECIPE, Kind.CONFIG)},
        frozenset(find_commands(project_root, user_home))
        | {_command_name(item.path) for item in files if item.kind is Kind.COMMAND}
        | _skill_names(files),
    )
    known = Surroundings(
        around.agents | {name.rpartition(":")[2] for name in around.agents},
        around.commands | {name.rpartition(":")[2] for name in around.commands},
    )
    linted = [_lint(item, known, root) for item, root in read if item.kind is not Kind.DOCUMENT]
    findings = [finding for item in linted for finding in item.findings]
    for agents in _collections(linted):
        findings += duplicate_names(agents)
        findings += delegation_cycles(agents)
        findings += similar_descriptions(agents)
    key = dict.fromkeys(findings)  # a manifest may be reached in two ways
    return tuple(sorted(key, key=_order)), tuple(linted)


def _order(item: LintFinding) -> tuple[str, int, str, str]:
    return item.path, item.line, item.rule, item.message


def _read(path: Path, root: Path, named: bool) -> Iterator[Linted]:
    """The definitions of a file: one, but for configurations with several agents."""
    nothing = Agent(path.stem, "", str(path), "", "", 1)
    if path.name == MANIFEST or path.name in (Path(PLUGIN_FILE).name, Path(MARKETPLACE_FILE).name):
        kind = Kind.PACKAGE if path.name == MANIFEST else Kind.PLUGIN
        folder = path.parent if kind is Kind.PACKAGE else path.parent.parent
        yield Linted(path, kind, nothing, _WHOLE_FOLDERS[kind](folder))
        return
    if is_config(path):
        try:
            for agent in opencode_agents(path, root):
                yield Linted(path, Kind.CONFIG, agent)
        except DefinitionError as error:
            yield Linted(path, Kind.CONFIG, nothing, (_as_finding("broken-manifest", error, str(path)),))
        return
    data, unreadable = read_tolerantly(path)
    kind = _kind(path, data, named)
    agent = parse_recipe(data, path) if kind is Kind.RECIPE else parse_agent(data, path)
    if kind is Kind.COMMAND:
        agent = replace(agent, tools=parse_tools(agent.metadata.get("allowed-tools")))
    yield Linted(path, kind, agent, unreadable)


def _kind(path: Path, data: bytes, named: bool) -> Kind:
    if is_instructions(path):
        return Kind.SNIPPET  # like a snippet it is text that agents are given
    if is_skill(path):
        return Kind.SKILL
    if path.suffix.lower() in RECIPE_SUFFIXES:
        return Kind.RECIPE
    if CHECK_FOLDER in path.parent.as_posix():
        return Kind.CHECK
    folders = [_FOLDERS[part] for part in reversed(path.parts[:-1]) if part in _FOLDERS]
    # `.agpm/snippets/agents/x.md` is the text that several agents include, not an agent.
    by_folder = Kind.SNIPPET if Kind.SNIPPET in folders else next(iter(folders), None)
    if by_folder is Kind.AGENT and not named and _of_a_skill(path):
        return Kind.DOCUMENT
    if by_folder in _RULES and (named or is_definition_name(path)):
        return by_folder or Kind.AGENT
    if named:
        return Kind.AGENT
    if by_folder is None and is_definition_name(path):
        first, _, rest = data[:4096].decode("utf-8", "replace").lstrip("\ufeff\r\n \t").partition("\n")
        if _OPENING.match(first) and all(pattern.search(rest) for pattern in _AGENT_KEYS):
            return Kind.AGENT
    return Kind.DOCUMENT


def _of_a_skill(path: Path) -> bool:
    """Whether a file below a folder ``agents`` is one of a skill's own texts."""
    return any((folder / SKILL_FILE).is_file() for folder in (path.parent, path.parent.parent))


def _skill_names(files: Iterable[Linted]) -> set[str]:
    """What skills are called as commands."""
    skills = [item for item in files if item.kind is Kind.SKILL]
    return {item.agent.name for item in skills} | {item.path.parent.name for item in skills}


def _command_name(path: Path) -> str:
    below = next((folder for folder in path.parents if folder.name in ("commands", "command")), path.parent)
    return command_name(path, below)


def _lint(item: Linted, around: Surroundings, project_root: Path) -> Linted:
    """The definition with everything that is odd about it alone."""
    if item.findings or item.kind in _WHOLE_FOLDERS:
        return item
    errors = tuple(found for found in item.agent.findings if found.severity is Severity.ERROR)
    if errors:
        return replace(item, findings=errors)
    root = root_of(item.path, project_root)
    findings = [
        found for found in item.agent.findings if item.kind in _ONLY_AGENTS.get(found.rule, (item.kind,))
    ]
    for rule in _RULES.get(item.kind, AGENT_RULES):
        findings += (placed(item.agent, found) for found in rule(item.agent, around))
    if item.kind is Kind.SKILL:
        findings += lint_skill(item.path, item.agent)
    agent = item.agent
    if item.kind is Kind.COMMAND:  # its @path is read when it is run
        findings += _filled(agent, root, "commands")[1]
    else:
        agent, more = _completed(agent, root)
        findings += more
        findings += contradicting_numbers(agent)
    return Linted(item.path, item.kind, agent, tuple(dict.fromkeys(findings)))


def _filled(agent: Agent, root: Path, kind: str = "agents") -> tuple[Agent | None, list[LintFinding]]:
    """The agent with its template filled in, or None where it cannot be, and what is odd about that."""
    findings: list[LintFinding] = []
    try:
        findings += missing_dependencies(agent, root)
        return (agent if agent.places else fill_agent(agent, root, kind)), findings
    except DefinitionError as error:
        if Path(error.where.rpartition(":")[0]).name in MANIFESTS:
            return None, [*findings, _as_finding("broken-manifest", error, agent.path)]
        found = _as_finding("template-error", error, agent.path)
        if not values_are_known(Path(agent.path), root):
            found = replace(found, severity=Severity.WARNING)  # whoever installs it has the values
        return None, [*findings, found]


def _completed(agent: Agent, root: Path) -> tuple[Agent, list[LintFinding]]:
    """The agent with template, includes and skills, and what is odd about those."""
    filled, findings = _filled(agent, root)
    if filled is None:
        return agent, findings
    agent = filled
    try:
        instructions = is_instructions(Path(agent.path))
        includes, odd = resolve_includes(
            agent.body, agent.body_line, agent.path, root, instructions=instructions
        )
        findings += (placed(agent, found) for found in odd)
    except DefinitionError as error:
        findings.append(
            LintFinding(
                "unusable-includes", Severity.ERROR, agent.path, agent.body_line, error.what, error.advice
            )
        )
        return agent, findings
    agent = replace(agent, includes=includes, findings=())
    with_skills = include_skills(agent, root)
    return with_skills, [*findings, *with_skills.findings]


def _as_finding(rule: str, error: DefinitionError, path: str) -> LintFinding:
    """An error as the finding of severity ERROR at its place."""
    where, _, line = error.where.rpartition(":")
    if where and line.isdigit():
        return LintFinding(rule, Severity.ERROR, where, int(line), error.what, error.advice)
    return LintFinding(rule, Severity.ERROR, path, 1, error.what, error.advice)


def root_of(path: Path, project_root: Path) -> Path:
    """The project's root for its own files; for others the nearest folder that looks like one."""
    path = path.absolute()
    marks = (".git", ".agpm", ".claude", ".opencode", ".goose", ".agents", MANIFEST, ".claude-plugin")
    inside = path.is_relative_to(project_root.absolute())
    for folder in path.parents:
        if inside and folder == project_root.absolute():
            break
        if any((folder / mark).exists() for mark in marks):
            return folder
    return project_root


def _collections(linted: Iterable[Linted]) -> Iterator[list[Agent]]:
    """The agents that one host offers together: those of one ``agents`` folder, a configuration, a folder."""
    found: dict[Path, list[Agent]] = {}
    for item in linted:
        if item.kind not in (Kind.AGENT, Kind.CONFIG) or not item.usable:
            continue
        folder = item.path.parent
        if item.kind is Kind.AGENT:
            folder = next((f for f in item.path.parents if _FOLDERS.get(f.name) is Kind.AGENT), folder)
        found.setdefault(folder, []).append(item.agent)
    yield from (agents for agents in found.values() if len(agents) > 1)
