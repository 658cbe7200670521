"""Reads the agents of an OpenCode configuration: the map ``agent`` of ``opencode.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ironwright.agents.json_source import key_line, load_json
from ironwright.agents.source import file_within, read_bytes, read_source
from ironwright.agents.tools import parse_tools
from ironwright.records.definition import Agent, LintFinding, Severity
from ironwright.records.errors import DefinitionError

CONFIGS = ("opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc")
"""Where a project's configuration is, nearest first."""

_FILE = re.compile(r"\{file:([^{}\n]+)\}")
_MODES = frozenset(("primary", "subagent", "all"))
_READ = ("description", "model", "prompt")


def is_config(path: Path) -> bool:
    """Whether a file's name is that of an OpenCode configuration."""
    return path.name in ("opencode.json", "opencode.jsonc")


def opencode_agents(config: Path, project_root: Path) -> tuple[Agent, ...]:
    """The agents that a configuration defines; those that it disables are left out.

    ``{file:…}`` in a prompt is replaced by that file's text, which is looked up beside the configuration and
    never outside the project. ``tools`` and ``permission`` together say which tools an agent has.

    Raises:
        DefinitionError: The configuration cannot be read or is no JSON; it names file and line.
    """
    data, text = load_json(config)
    agents = data.get("agent")
    found = []
    for name, entry in agents.items() if isinstance(agents, dict) else ():
        if isinstance(entry, dict) and entry.get("disable") is not True:
            found.append(_agent(str(name), entry, config, text, project_root))
    return tuple(found)


def _agent(name: str, entry: Mapping[str, Any], config: Path, text: str, root: Path) -> Agent:
    line = key_line(text, "agent", name)
    findings: list[LintFinding] = []

    def odd(rule: str, key: str, message: str, advice: str) -> None:
        at = key_line(text, "agent", name, key) if key in entry else line
        findings.append(LintFinding(rule, Severity.WARNING, str(config), at, message, advice))

    body, places = _prompt(entry.get("prompt"), config, text, name, root, odd)
    description = entry.get("description")
    if not isinstance(description, str) or not description.strip():
        odd("missing-description", "description", f"the agent {name} states no description", "Add one.")
    if not body.strip():
        odd("missing-prompt", "prompt", f"the agent {name} has no prompt", 'Add `"prompt": …`.')
    mode = entry.get("mode")
    if mode is not None and mode not in _MODES:
        odd("unknown-mode", "mode", f"`{mode}` is no mode", "Use primary, subagent or all.")
    return Agent(
        name=name,
        description=description.strip() if isinstance(description, str) else "",
        path=str(config),
        text=json.dumps(entry, indent=2, ensure_ascii=False) + "\n" + body,
        body=body,
        body_line=1,
        model=entry["model"] if isinstance(entry.get("model"), str) else None,
        tools=parse_tools(permitted(entry)),
        metadata={key: value for key, value in entry.items() if key not in _READ},
        findings=tuple(findings),
        places=places or ((str(config), line),),
    )


def permitted(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """``tools`` and ``permission`` as one mapping of tool to what is allowed; None where neither stands."""
    tools, permission = entry.get("tools"), entry.get("permission")
    merged: dict[str, Any] = dict(tools) if isinstance(tools, Mapping) else {}
    only_denies = all(rule is False for rule in merged.values())
    for tool, rule in permission.items() if isinstance(permission, Mapping) else ():
        # A mapping of patterns leaves the tool usable unless every pattern is denied.
        denied = rule == "deny" or (isinstance(rule, Mapping) and rule and set(rule.values()) == {"deny"})
        if denied:
            merged[str(tool)] = False
        elif not only_denies:
            merged.setdefault(str(tool), True)
    return merged or None


def _prompt(
    prompt: Any, config: Path, text: str, name: str, root: Path, odd: Any
) -> tuple[str, tuple[tuple[str, int], ...]]:
    if not isinstance(prompt, str):
        return "", ()
    at = key_line(text, "agent", name, "prompt")
    lines: list[str] = [""]
    places: list[tuple[str, int]] = [(str(config), at)]
    last = 0
    for match in (*_FILE.finditer(prompt), None):
        plain = prompt[last : match.start() if match else len(prompt)]
        pieces = plain.split("\n")
        lines[-1] += pieces[0]
        lines += pieces[1:]
        places += [(str(config), at)] * (len(pieces) - 1)
        if match is None:
            break
        last = match.end()
        path, content = _file(match[1].strip(), config, root, odd)
        rows = content.split("\n") if path else [match[0]]
        if path and not lines[-1].strip():
            places[-1] = (str(path), 1)
        lines[-1] += rows[0]
        lines += rows[1:]
        places += [(str(path), number) for number in range(2, len(rows) + 1)]
    return "\n".join(lines), tuple(places)


def _file(name: str, config: Path, root: Path, odd: Any) -> tuple[Path | None, str]:
    path = None if name.startswith("~") else file_within(root.resolve(), config.parent, name)
    if path is None:
        odd(
            "missing-include",
            "prompt",
            f"`{name}` was not found in the project; the agent works without it",
            "Correct the path: it starts at the configuration's folder.",
        )
        return None, ""
    try:
        source = read_source(read_bytes(path), str(path))
    except DefinitionError as error:
        odd("missing-include", "prompt", f"`{name}` is not read: {error.what}", error.advice)
        return None, ""
    if source.unusable is not None:
        odd("missing-include", "prompt", f"`{name}` is not read: {source.unusable.message}", "Name a text.")
        return None, ""
    return path, source.text.rstrip("\n")
