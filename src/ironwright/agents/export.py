"""Writes agents, their snippets and commands as Claude Code, OpenCode or AGPM read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ironwright.records.definition import Agent, Command, Include
from ironwright.records.errors import DefinitionError

_TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_SNIPPET_NAME = re.compile(r"(?:ironwright:|(?:\./)?\.(?:agpm|claude|opencode)/)snippets/")
_SHELL = re.compile(r"!`([^`\n]+)`")
_RECALLED = "@.ironwright/memory/for-this-task.md"
_ELSEWHERE = {
    _RECALLED: '!`ironwright memory recall "$ARGUMENTS"`',
    "with `remember` when": "with `ironwright memory add` when",
}
"""What only our own session offers, as other hosts reach it."""

_ALIASES = frozenset(("sonnet", "opus", "haiku", "inherit"))
"""Model names that are Claude Code's; other hosts know only full ids."""


class Host(StrEnum):
    """What reads the files."""

    CLAUDE = "claude"
    OPENCODE = "opencode"
    AGPM = "agpm"


@dataclass(frozen=True, slots=True)
class Exported:
    """A file to be written.

    Attributes:
        path: Relative to the folder that is exported to.
        content: Its text.
    """

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a host looks for each kind of file."""

    agents: str
    commands: str
    snippets: str


_LAYOUTS = {
    Host.CLAUDE: Layout(".claude/agents", ".claude/commands", ".claude/snippets"),
    Host.OPENCODE: Layout(".opencode/agent", ".opencode/command", ".opencode/snippets"),
    Host.AGPM: Layout("agents", "commands", "snippets"),
}


def export(host: Host, agents: Iterable[Agent], commands: Iterable[Command]) -> tuple[Exported, ...]:
    """The files that a host needs to have these agents and commands, in order of path.

    What the agents say stays the same: name where the host has one, description, model where the host knows
    it, tools, and the text, whose snippets become files of the export.

    Raises:
        DefinitionError: Two snippets or agents would be one file with different texts.
    """
    layout = _LAYOUTS[host]
    files: dict[str, str] = {}
    for agent in agents:
        snippets = [item for item in agent.includes if _SNIPPET_NAME.match(item.name)]
        _put(files, f"{layout.agents}/{_file_name(agent.name)}.md", _agent(host, agent, snippets))
        for item in snippets:
            _put(files, f"{layout.snippets}/{_stem(item)}.md", item.text)
    for command in commands:
        place = command.name.replace(":", "/")
        _put(files, f"{layout.commands}/{place}.md", _command(host, command))
    if host is Host.AGPM:
        files["agpm.toml"] = _manifest(layout, files)
    return tuple(Exported(path, files[path]) for path in sorted(files))


def differing(files: Sequence[Exported], folder: Path) -> tuple[str, ...]:
    """The paths whose files are there and say something else.

    Raises:
        DefinitionError: One of them cannot be read.
    """
    found = []
    for item in files:
        path = folder / item.path
        try:
            if path.read_bytes() != item.content.encode():
                found.append(item.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise DefinitionError(f"the file cannot be read ({error.strerror})", where=str(path)) from error
    return tuple(found)


def _agent(host: Host, agent: Agent, snippets: Sequence[Include]) -> str:
    body = agent.body.strip("\n")
    if host is Host.AGPM:
        return _whole({**_head(host, agent), **_dependencies(snippets)}, _as_template(body, snippets))
    for item in snippets:
        body = body.replace(item.name, f"{_LAYOUTS[host].snippets}/{_stem(item)}.md")
    return _whole(_head(host, agent), body)


def _head(host: Host, agent: Agent) -> dict[str, Any]:
    if host is Host.OPENCODE:
        head: dict[str, Any] = {"description": agent.description, "mode": "subagent"}
        if agent.model and agent.model not in _ALIASES:
            head["model"] = agent.model
        if agent.tools is not None:
            head["tools"] = {"*": False, **{_plain_tool(name).lower(): True for name in agent.tools}}
        return head
    head = {"name": agent.name, "description": agent.description}
    if agent.tools is not None:
        head["tools"] = ", ".join(agent.tools)
    if agent.model:
        head["model"] = agent.model
    if "color" in agent.metadata:
        head["color"] = agent.metadata["color"]
    return head


def _command(host: Host, command: Command) -> str:
    body = command.body.strip("\n")
    for ours, theirs in _ELSEWHERE.items():
        body = body.replace(ours, theirs)
    head: dict[str, Any] = {"description": command.description}
    if "argument-hint" in command.metadata and host is not Host.OPENCODE:
        head["argument-hint"] = command.metadata["argument-hint"]
    shells = dict.fromkeys(" ".join(line.split()[:2]) for line in _SHELL.findall(body))
    if shells and host is not Host.OPENCODE:
        # Claude Code inserts a command's output only where the command is allowed.
        head["allowed-tools"] = ", ".join(f"Bash({words}:*)" for words in shells)
    return _whole(head, body)


def _dependencies(snippets: Sequence[Include]) -> Mapping[str, Any]:
    if not snippets:
        return {}
    listed = [{"path": f"../snippets/{_stem(item)}.md", "name": _stem(item)} for item in snippets]
    return {
        "agpm": {"templating": True},
        "dependencies": {"snippets": [{**item, "install": False} for item in listed]},
    }


def _as_template(body: str, snippets: Sequence[Include]) -> str:
    """The text as an AGPM template, where each snippet stands in the place of the line that names it."""
    if not snippets:
        return body
    inserted = {item.name: f"{{{{ agpm.deps.snippets.{_key(item)}.content }}}}" for item in snippets}
    written: list[str] = []
    for line in body.split("\n"):
        named = next((name for name in inserted if name in line), None)
        if named is None:
            written.append(f"{{% raw %}}{line}{{% endraw %}}" if _TEMPLATE.search(line) else line)
        else:
            written += ["", inserted[named], ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(written))


def _manifest(layout: Layout, files: Mapping[str, str]) -> str:
    lines = []
    for kind, folder in (("agents", layout.agents), ("commands", layout.commands)):
        names = [path for path in sorted(files) if path.startswith(f"{folder}/")]
        if names:
            lines += [f"[{kind}]", *(f'"{PurePosixPath(path).stem}" = "{path}"' for path in names), ""]
    return "\n".join(lines)


def _whole(head: Mapping[str, Any], body: str) -> str:
    text = yaml.dump(dict(head), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n\n{body}\n"


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, so that people can read it."""


def _represent(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent)


def _put(files: dict[str, str], path: str, content: str) -> None:
    if files.setdefault(path, content) != content:
        raise DefinitionError(
            "two definitions with different texts would be this file",
            where=path,
            advice="Export them apart, or rename one.",
        )


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", name).strip(".-") or "agent"


def _stem(item: Include) -> str:
    return PurePosixPath(item.name).stem


def _key(item: Include) -> str:
    return _stem(item).replace("-", "_")


def _plain_tool(name: str) -> str:
    return name.split("(", 1)[0].strip()
