"""Reads JSON that people write, with comments and trailing commas, and finds the lines of its keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ironwright.agents.source import read_bytes, read_source
from ironwright.records.errors import DefinitionError

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])', re.DOTALL)


def load_json(path: Path) -> tuple[dict[str, Any], str]:
    """A file's JSON object and its text; comments and trailing commas are passed over.

    Raises:
        DefinitionError: It cannot be read or is no JSON object; it names file and line.
    """
    source = read_source(read_bytes(path), str(path))
    if source.unusable is not None:
        item = source.unusable
        raise DefinitionError(item.message, where=f"{path}:{item.line}", advice=item.advice)
    # Spaces keep every character at its line and column.
    plain = _TOKEN.sub(
        lambda match: match[0] if match[0][0] == '"' else re.sub(r"[^\n]", " ", match[0]), source.text
    )
    try:
        data = json.loads(plain)
    except json.JSONDecodeError as error:
        raise DefinitionError(
            f"this is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}",
            where=f"{path}:{error.lineno}",
            advice="Correct that line.",
        ) from error
    except (RecursionError, ValueError) as error:
        raise DefinitionError(
            "this JSON nests too deep or holds a number that is too long", where=f"{path}:1"
        ) from error
    if not isinstance(data, dict):
        raise DefinitionError(
            "this is no JSON object", where=f"{path}:1", advice="Write `{` … `}` around its keys."
        )
    return data, source.text


def key_line(text: str, *keys: str) -> int:
    """1-based line of a key that stands inside the keys before it; 1 where it is not found."""
    at = 0
    for key in keys:
        match = re.compile(re.escape(json.dumps(key)) + r"\s*:").search(text, at)
        if match is None:
            return text.count("\n", 0, at) + 1
        at = match.start()
    return text.count("\n", 0, at) + 1
