"""Our own agents, commands and snippets, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

LIBRARY_SCHEME = "ironwright:"
"""What the path of a bundled file starts with."""

KINDS = ("agents", "commands", "snippets")

_FOLDER = Path(__file__).parent


@cache
def library_files() -> Mapping[str, Mapping[str, Path]]:
    """The bundled files: kind (``agents``, ``commands``, ``snippets``) to name to file."""
    return {kind: {file.stem: file for file in sorted((_FOLDER / kind).glob("*.md"))} for kind in KINDS}


def library_path(kind: str, name: str) -> Path | None:
    """The bundled file of that kind and name, or None."""
    return library_files().get(kind, {}).get(name)


def read_library(kind: str, name: str) -> str:
    """The text of a bundled file.

    Raises:
        KeyError: There is no such file.
    """
    path = library_path(kind, name)
    if path is None:
        raise KeyError(f"{kind}/{name}")
    return path.read_text(encoding="utf-8")
