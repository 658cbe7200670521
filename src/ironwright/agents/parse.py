"""Reads one agent or command file; what is odd about it becomes lint findings, never an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from ironwright.agents.dependencies import fill_agent
from ironwright.agents.frontmatter import Frontmatter, split_frontmatter
from ironwright.agents.goose import RECIPE_SUFFIXES, parse_recipe
from ironwright.agents.include import resolve_includes
from ironwright.agents.opencode import is_config, opencode_agents, permitted
from ironwright.agents.package import MANIFESTS
from ironwright.agents.skills import include_skills, is_skill
from ironwright.agents.source import SourceText, read_bytes, read_source
from ironwright.agents.tools import parse_tools
from ironwright.library import LIBRARY_SCHEME
from ironwright.records.definition import Agent, Command, LintFinding, Severity
from ironwright.records.errors import DefinitionError

_READ_FIELDS = ("name", "description", "model")
_HEADING = re.compile(r"#{1,6}[ \t]+(.*?)[ \t#]*$")
_GUESS_LIMIT = 2000
"""Characters kept of a description that is guessed from the body."""


def parse_agent(content: str | bytes, path: str | PurePath) -> Agent:
    """Read an agent's definition; never raises.

    Includes are not read: :func:`load_agent` does that.

    Args:
        content: The file's content.
        path: What to call it in findings; its stem is the name where the frontmatter states none.
    """
    where = str(path)
    source = read_source(content, where)
    front = split_frontmatter(source.text, where)
    values = front.values
    findings = [*source.findings, *front.findings, *_missing_fields(source, front, where)]
    name = _text(values.get("name")) or _name_of(PurePath(where)) or where
    description = _dialogue(_text(values.get("description"))) or _guess_description(front.body)
    metadata = {key: value for key, value in values.items() if key not in _READ_FIELDS}
    if not isinstance(metadata.get("tools"), dict):
        metadata.pop("tools", None)  # a mapping says more (what is denied) than a list of names
    return Agent(
        name=name,
        description=description,
        path=where,
        text=source.text,
        body=front.body,
        body_line=front.body_line,
        model=_text(values.get("model")) or None,
        tools=parse_tools(_tools_stated(values)),
        metadata=metadata,
        findings=tuple(findings),
    )


def _name_of(path: PurePath) -> str:
    """The name that a file gives: its stem, of a skill the folder's."""
    return path.parent.name if is_skill(path) else path.stem


def _tools_stated(values: Mapping[str, Any]) -> Any:
    """``tools``; where OpenCode's ``permission`` says more, both of them."""
    tools = values.get("tools")
    if isinstance(values.get("permission"), Mapping) and (tools is None or isinstance(tools, Mapping)):
        return permitted(values)
    return tools


def load_agent(path: Path, project_root: Path) -> Agent:
    """Read an agent's file, fill in its template, and read the texts that it includes.

    Markdown is an agent or a skill; YAML and JSON are goose recipes; ``opencode.json`` is an OpenCode
    configuration with one agent.

    Args:
        path: The definition file.
        project_root: Where ``.agpm/snippets/…`` and ``@path`` imports are looked up; nothing outside it is
            included.

    Args:
        path: The definition file.
        project_root: Where ``.agpm/snippets/…`` and ``@path`` imports are looked up; nothing outside it is
            included.

    Raises:
        DefinitionError: The file cannot be used (missing, a folder, unreadable, empty, binary, over 1 MiB),
            its template cannot be filled in, or its includes form a cycle, go deeper than 10 levels or
            exceed 1 MiB.
    """
    if path.name in MANIFESTS:
        raise DefinitionError(
            "this is a package's manifest, not a definition",
            where=str(path),
            advice="`ironwright agents list` shows the agents that it names.",
        )
    if is_config(path):
        return complete_agent(_only_agent(path, project_root), project_root)
    if path.suffix.lower() in RECIPE_SUFFIXES:
        return complete_agent(parse_recipe(read_bytes(path), path), project_root)
    return complete_agent(parse_agent(read_bytes(path), path), project_root)


def _only_agent(config: Path, project_root: Path) -> Agent:
    agents = opencode_agents(config, project_root)
    if len(agents) != 1:
        names = ", ".join(agent.name for agent in agents)
        raise DefinitionError(
            f"the configuration defines {len(agents) or 'no'} agents",
            where=str(config),
            advice=f"Name one of them: {names}." if names else "Add a map `agent`.",
        )
    return agents[0]


def complete_agent(agent: Agent, project_root: Path) -> Agent:
    """A parsed agent with its package's patches, its template filled in, its includes and skills read.

    Raises:
        DefinitionError: As for :func:`load_agent`.
    """
    require_usable(agent.findings)
    if not agent.places and not agent.path.startswith(LIBRARY_SCHEME):
        agent = fill_agent(agent, project_root)
    includes, findings = resolve_includes(agent.body, agent.body_line, agent.path, project_root)
    findings = tuple(placed(agent, item) for item in findings)
    includes = tuple(replace(item, line=agent.place(item.line)[1]) for item in includes)
    agent = replace(agent, includes=includes, findings=(*agent.findings, *findings))
    return include_skills(agent, project_root)


def placed(agent: Agent, finding: LintFinding) -> LintFinding:
    """A finding on a line of an agent's body, at the file and line that this line comes from."""
    if finding.path != agent.path or not agent.places:
        return finding
    path, line = agent.place(finding.line)
    return replace(finding, path=path, line=line)


def require_usable(findings: tuple[LintFinding, ...]) -> None:
    """Refuse a file that has a finding of severity ERROR.

    Raises:
        DefinitionError: With that finding's file, line, message and advice.
    """
    for item in findings:
        if item.severity == Severity.ERROR:
            raise DefinitionError(item.message, where=f"{item.path}:{item.line}", advice=item.advice)


def parse_command(content: str | bytes, path: str | PurePath, name: str | None = None) -> Command:
    """Read a slash command's file; never raises.

    Args:
        content: The file's content.
        path: What to call it in findings.
        name: The command's name without slash; None takes the file's stem.
    """
    where = str(path)
    source = read_source(content, where)
    front = split_frontmatter(source.text, where)
    # A command needs no frontmatter: only what is broken is odd.
    odd = [item for item in front.findings if item.rule != "no-frontmatter"]
    description = _text(front.values.get("description")) or _first_line(front.body)
    return Command(
        name=name or PurePath(where).stem or where,
        description=description,
        path=where,
        body=front.body,
        metadata={key: value for key, value in front.values.items() if key != "description"},
        findings=(*source.findings, *odd),
    )


def load_command(path: Path, name: str | None = None) -> Command:
    """Read a slash command's file.

    Raises:
        DefinitionError: The file cannot be used.
    """
    command = parse_command(read_bytes(path), path, name)
    require_usable(command.findings)
    return command


def _text(value: Any) -> str:
    """A value as one text; a list is joined, a mapping shows its keys and values."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value if not isinstance(item, list | dict))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {item}" for key, item in value.items() if not isinstance(item, list | dict))
    return str(value)


def _dialogue(description: str) -> str:
    """A description with its escaped line ends decoded."""
    return description.replace("\\r\\n", "\n").replace("\\n", "\n").strip()


def _missing_fields(source: SourceText, front: Frontmatter, path: str) -> list[LintFinding]:
    if source.unusable or not front.present:
        return []
    missing = []
    # OpenCode takes the name from the file.
    by_file = (
        ".opencode" in PurePath(path).parts or "opencode" in PurePath(path).parts or "mode" in front.values
    )
    if not _text(front.values.get("name")) and not by_file:
        missing.append(_missing(path, "name", "its file's name is used"))
    if not _text(front.values.get("description")):
        missing.append(_missing(path, "description", "its first heading and paragraph are used"))
    return missing


def _missing(path: str, key: str, instead: str) -> LintFinding:
    advice = f"Add `{key}: …` to the frontmatter."
    return LintFinding(
        f"missing-{key}", Severity.WARNING, path, 1, f"the agent states no {key}; {instead}", advice
    )


def _guess_description(body: str) -> str:
    """The first heading and the first paragraph, the paragraph without quote marks and emphasis."""
    heading = ""
    paragraph: list[str] = []
    for line in body.split("\n"):
        match = _HEADING.match(line)
        stripped = line.strip().lstrip(">").strip()
        if match:
            if paragraph:
                break
            heading = heading or match[1]
        elif stripped and stripped.strip("-*_"):
            paragraph.append(stripped)
        elif paragraph:
            break
    text = " ".join(paragraph).replace("**", "")
    guess = f"{heading}. {text}" if heading and text else heading or text
    return guess if len(guess) <= _GUESS_LIMIT else guess[:_GUESS_LIMIT].rsplit(" ", 1)[0] + " …"


def _first_line(body: str) -> str:
    line = next((line.strip() for line in body.split("\n") if line.strip()), "")
    match = _HEADING.match(line)
    return match[1] if match else line
