"""Reads the tools that a definition names, in any of the forms in which hosts take them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_OPENCODE_TOOLS = [
    "read",
    "write",
    "edit",
    "patch",
    "bash",
    "glob",
    "grep",
    "list",
    "todoread",
    "todowrite",
    "webfetch",
    "websearch",
    "task",
    "skill",
]
_ONE_TOOL = re.compile(r"[A-Za-z_][\w-]*(?:\([^()]*\))?$")


def parse_tools(value: Any) -> tuple[str, ...] | None:
    """The tool names of a ``tools`` value in any of its forms, or None where it restricts nothing.

    Forms: a comma string (``Agent(a, b)`` is one tool), words divided by spaces, a list, a mapping of
    tool to permission (OpenCode: where it only denies, the other tools remain), ``*``.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return _tools_of_mapping(value)
    if isinstance(value, list | tuple | set):
        names = [name for item in value for name in _tools_of_item(item)]
    else:
        text = _words(value).strip()
        if not text:
            return None
        if text[0] == "[" and text[-1] == "]":
            text = text[1:-1]
        names = _split_outside_parentheses(text)
        if len(names) == 1:
            words = _split_outside_parentheses(names[0], " ")
            names = words if all(_ONE_TOOL.match(word) for word in words) else names
    if "*" in names:
        return None
    return tuple(dict.fromkeys(names))


def _tools_of_item(item: Any) -> list[str]:
    if isinstance(item, Mapping):
        return [str(key) for key in item]
    return _split_outside_parentheses(_words(item))


def _tools_of_mapping(value: Mapping[Any, Any]) -> tuple[str, ...] | None:
    denied = {str(tool) for tool, allowed in value.items() if allowed is False or allowed == "deny"}
    allowed = tuple(str(tool) for tool in value if str(tool) not in denied)
    if "*" in allowed or (not allowed and "*" not in denied):
        remaining = tuple(tool for tool in _OPENCODE_TOOLS if tool not in denied)
        return remaining if denied else None
    return allowed


def _split_outside_parentheses(text: str, separator: str = ",") -> list[str]:
    parts, depth, current = [], 0, ""
    for char in text:
        depth = max(0, depth + (char in "([{") - (char in ")]}"))
        if depth == 0 and (char == separator or char == "\n"):
            parts.append(current)
            current = ""
        else:
            current += char
    parts.append(current)
    return [part.strip().strip("\"'`").strip() for part in parts if part.strip().strip("\"'`").strip()]


def _words(value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping | list) else str(value).strip()
