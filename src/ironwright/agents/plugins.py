"""Claude Code plugins: folders with a ``.claude-plugin/plugin.json``, agents, commands, skills, hooks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ironwright.agents.json_source import key_line, load_json
from ironwright.records.definition import LintFinding, Severity
from ironwright.records.errors import DefinitionError

PLUGIN_FILE = ".claude-plugin/plugin.json"
MARKETPLACE_FILE = ".claude-plugin/marketplace.json"
HOOKS_FILE = "hooks/hooks.json"

HOOK_EVENTS = frozenset(
    (
        *("PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionRequest", "UserPromptSubmit"),
        *("Notification", "Stop", "SubagentStart", "SubagentStop", "PreCompact", "PostCompact"),
        *("SessionStart", "SessionEnd", "Setup", "TeammateIdle", "TaskCompleted", "ConfigChange"),
        *("WorktreeCreate", "WorktreeRemove", "InstructionsLoaded", "Elicitation", "ElicitationResult"),
        *(
            "UserPromptExpansion",
            "StopFailure",
            "TaskCreated",
            "CwdChanged",
            "FileChanged",
            "PermissionDenied",
        ),
    )
)
"""Events of Claude Code that a hook may be bound to."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SCRIPT = re.compile(r"\$\{CLAUDE_PLUGIN_ROOT\}[\"']?/([\w./-]+)")


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin.

    Attributes:
        name: Its name; its agents and commands are called ``name:agent``.
        root: Its resolved folder.
        agents: Folders and files of its agents.
        commands: Folders and files of its commands.
        skills: Folders that hold its skills.
    """

    name: str
    root: Path
    agents: tuple[Path, ...]
    commands: tuple[Path, ...]
    skills: tuple[Path, ...]


def find_plugins(project_root: Path) -> tuple[Plugin, ...]:
    """The plugins of a project: itself, those of its marketplace, and those in ``plugins/``.

    A manifest that cannot be read hides its plugin; lint says so (:func:`lint_plugin`).
    """
    root = project_root.resolve()
    folders = [root, *_marketplace(root)]
    if (root / "plugins").is_dir():
        folders += sorted(path for path in (root / "plugins").iterdir() if path.is_dir())
    found: dict[Path, Plugin] = {}
    for folder in folders:
        if (folder / PLUGIN_FILE).is_file() and folder not in found:
            try:
                found[folder] = load_plugin(folder)
            except DefinitionError:
                continue  # `agents lint` reports it with its line
    return tuple(found.values())


def _marketplace(root: Path) -> Iterator[Path]:
    path = root / MARKETPLACE_FILE
    if not path.is_file():
        return
    try:
        data, _ = load_json(path)
    except DefinitionError:
        return  # `agents lint` reports it with its line
    items = data.get("plugins")
    for item in items if isinstance(items, list) else ():
        source = item.get("source") if isinstance(item, Mapping) else None
        if isinstance(source, str):
            folder = (root / source).resolve()
            if folder.is_relative_to(root) and folder.is_dir():
                yield folder


def load_plugin(folder: Path) -> Plugin:
    """The plugin of a folder.

    Raises:
        DefinitionError: Its manifest cannot be read or names no plugin; it names file and line.
    """
    folder = folder.resolve()
    data, _ = load_json(folder / PLUGIN_FILE)
    name = data.get("name")
    if not isinstance(name, str) or not name.strip():
        raise DefinitionError(
            "the plugin states no name", where=f"{folder / PLUGIN_FILE}:1", advice='Add `"name": "…"`.'
        )
    places = {kind: _places(folder, kind, data.get(kind)) for kind in ("agents", "commands", "skills")}
    return Plugin(name.strip(), folder, places["agents"], places["commands"], places["skills"])


def _places(folder: Path, kind: str, stated: Any) -> tuple[Path, ...]:
    names = [kind, *([stated] if isinstance(stated, str) else stated if isinstance(stated, list) else ())]
    found = []
    for name in names:
        if not isinstance(name, str):
            continue
        try:
            path = (folder / name).resolve()
            if path.is_relative_to(folder) and path.exists():
                found.append(path)
        except (OSError, ValueError, RuntimeError):
            continue  # a name that no file can have; lint says that it is not there
    return tuple(dict.fromkeys(found))


def lint_plugin(folder: Path) -> tuple[LintFinding, ...]:
    """What is odd about a plugin's manifest, marketplace and hooks."""
    found: list[LintFinding] = []
    for name, check in (
        (PLUGIN_FILE, _odd_manifest),
        (MARKETPLACE_FILE, _odd_marketplace),
        (HOOKS_FILE, _odd_hooks),
    ):
        path = folder / name
        if not path.is_file() or (name == HOOKS_FILE and not (folder / PLUGIN_FILE).is_file()):
            continue
        try:
            data, text = load_json(path)
        except DefinitionError as error:
            line = error.where.rpartition(":")[2]
            at = int(line) if line.isdigit() else 1
            found.append(
                LintFinding("broken-manifest", Severity.ERROR, str(path), at, error.what, error.advice)
            )
            continue
        found += check(folder, path, data, text)
    return tuple(found)


def _warning(rule: str, path: Path, line: int, message: str, advice: str) -> LintFinding:
    return LintFinding(rule, Severity.WARNING, str(path), line, message, advice)


def _odd_manifest(folder: Path, path: Path, data: Mapping[str, Any], text: str) -> Iterator[LintFinding]:
    name = data.get("name")
    if not isinstance(name, str) or not name.strip():
        yield LintFinding(
            "broken-manifest",
            Severity.ERROR,
            str(path),
            1,
            "the plugin states no name",
            'Add `"name": "…"`.',
        )
    elif not _NAME.fullmatch(name):
        yield _warning(
            "plugin-name",
            path,
            key_line(text, "name"),
            f"`{name}` is no name of a plugin",
            "Use small letters, digits and single hyphens.",
        )
    for kind in ("agents", "commands", "skills"):
        stated = data.get(kind)
        for item in [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else ():
            if isinstance(item, str) and not _places(folder, item, None):
                yield _warning(
                    "missing-plugin-path",
                    path,
                    key_line(text, kind),
                    f"`{item}` is not in the plugin",
                    "Correct the path: it starts with `./` at the plugin's folder.",
                )


def _odd_marketplace(folder: Path, path: Path, data: Mapping[str, Any], text: str) -> Iterator[LintFinding]:
    items = data.get("plugins")
    for item in items if isinstance(items, list) else ():
        source = item.get("source") if isinstance(item, Mapping) else None
        if isinstance(source, str) and not _places(folder, source, None):
            yield _warning(
                "missing-plugin-path",
                path,
                text.count("\n", 0, max(0, text.find(f'"{source}"'))) + 1,
                f"the plugin's folder `{source}` is not there",
                "Correct the path: it starts with `./` at the marketplace's folder.",
            )


def _odd_hooks(folder: Path, path: Path, data: Mapping[str, Any], text: str) -> Iterator[LintFinding]:
    hooks = data.get("hooks")
    for event in hooks if isinstance(hooks, Mapping) else ():
        if event not in HOOK_EVENTS:
            yield _warning(
                "unknown-hook-event",
                path,
                key_line(text, str(event)),
                f"there is no event `{event}`; the hook never runs",
                "Use an event such as PreToolUse, PostToolUse, Stop, SubagentStop.",
            )
    for match in _SCRIPT.finditer(text):
        if not _places(folder, match[1], None):
            yield _warning(
                "missing-hook-script",
                path,
                text.count("\n", 0, match.start()) + 1,
                f"`{match[1]}` is not in the plugin; the hook fails whenever it runs",
                "Add the script, or correct its path.",
            )
