"""Finds lines of ``.gitignore`` and ``.gitattributes`` that hide sources from git or from readers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

_HIDES = re.compile(
    r"(?:^|\s)(?:-diff|binary|-text|linguist-generated(?:=true)?|export-ignore|filter=\S+)(?=\s|$)"
)
_SOURCE = re.compile(
    r"\.rs$|(?:^|/)Cargo\.toml$|(?:^|/)(?:tests|src)/.*|(?:^|/)\.github/workflows/.*|\.snap$"
)


def hidden_sources(subject: Subject) -> Iterator[tuple[str, int, str]]:
    """The added lines of such files that match sources of head: file, line and what it hides."""
    for changed in subject.change.live_files:
        folder, name = posixpath.split(changed.path)
        if name not in (".gitignore", ".gitattributes"):
            continue
        sources = [path for path in subject.head.paths if _SOURCE.search(path)]
        lines = subject.head.read(changed.path).decode("utf-8", "replace").split("\n")
        for number in sorted(changed.added_lines):
            line = lines[number - 1].strip() if number <= len(lines) else ""
            if not line or line.startswith(("#", "!")):
                continue
            pattern, _, attributes = line.partition(" ")
            if name == ".gitattributes" and not _HIDES.search(" " + attributes):
                continue
            hit = next((path for path in sorted(sources) if _matches(pattern, path, folder)), None)
            if hit is not None:
                what = (
                    "hides sources from git"
                    if name == ".gitignore"
                    else "hides sources from who reads the diff"
                )
                yield changed.path, number, f"`{line}` {what}, such as {hit}"


def _matches(pattern: str, path: str, folder: str) -> bool:
    """Whether a pattern of a file in ``folder`` matches a path, as git reads the common forms."""
    if folder:
        if not path.startswith(folder + "/"):
            return False
        path = path[len(folder) + 1 :]
    anchored = "/" in pattern.rstrip("/")
    pattern = pattern.strip("/")
    parts = path.split("/")
    prefixes = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    if not anchored:
        return any(fnmatchcase(part, pattern) for part in parts)
    pattern = pattern.removeprefix("**/")
    return any(fnmatchcase(prefix, pattern.replace("**", "*")) for prefix in prefixes)
