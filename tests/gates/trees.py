"""A tree in memory, for tests of what reads trees."""

from __future__ import annotations

from collections.abc import Mapping

from ironwright.gates.subject import SourceTree


class MemoryTree:
    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(self._files)

    def read(self, path: str) -> bytes:
        return self._files[path]


def source_tree(files: Mapping[str, str | bytes]) -> SourceTree:
    return SourceTree(MemoryTree(files))
