"""Finds changes that bend what judges them: our own settings, odd names of sources, cargo's environment."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ironwright.gates.guardrails.settings import read_toml
from ironwright.records.change import FileStatus

if TYPE_CHECKING:
    from ironwright.gates.subject import SourceTree, Subject

_SETTINGS = "ironwright.toml"
_LOCK = re.compile(r"(?:^|/)\.ironwright/contracts/[^/]+\.toml$")
# What can only make a gate stricter.
_STRICTER = frozenset({("enabled", "True"), ("strength", "hard"), ("scope", "all"), ("scope", "ratchet")})
_CONFIG = re.compile(r"(?:^|/)\.cargo/config(?:\.toml)?$")
# `include!` makes code of any file; the two others only text and bytes.
_INCLUDE = re.compile(r'\binclude!\s*[(\[{]\s*"([^"]+)"|#!?\[path\s*=\s*"([^"]+)"\]')

Found = tuple[str, int, str]
"""File, line (0 where there is none) and what is wrong."""


def own_settings(subject: Subject) -> Iterator[Found]:
    """Changes of what Ironwright itself demands: ``[gates]`` of its settings, and contracts' locks."""
    for path, changed in sorted(subject.change.files.items()):
        if _LOCK.search(path):
            yield path, 0, "the lock of a contract says what is demanded, and the change alters it"
        if posixpath.basename(path) != _SETTINGS:
            continue
        old = _table(subject.base, path, "gates")
        new = _table(subject.head, path, "gates") if changed.status is not FileStatus.DELETED else {}
        for gate in sorted({*old, *new}):
            if any(item not in _STRICTER for item in _differences(old.get(gate), new.get(gate))):
                line = _line(subject.head, path, f"gates.{gate}")
                yield path, line, f"the settings of the gate {gate} are altered by what it judges"


def renamed_sources(subject: Subject) -> Iterator[Found]:
    """Code of the repository that is compiled from a file that no tool takes for Rust."""
    for changed in subject.change.live_files:
        path = changed.path
        if path not in subject.head.rust_paths:
            continue
        lines = subject.head.read(path).decode("utf-8", "replace").split("\n")
        for number in sorted(changed.added_lines):
            for match in _INCLUDE.finditer(lines[number - 1] if number <= len(lines) else ""):
                name = match[1] or match[2]
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                if (
                    target in subject.head.paths
                    and not target.endswith(".rs")
                    and _holds_items(subject, target)
                ):
                    yield (
                        path,
                        number,
                        f"{target} is compiled as Rust, and no tool looks at a file of that name",
                    )


def asked_environment(subject: Subject) -> Iterator[Found]:
    """New variables of cargo's configuration that code outside of tests asks for when it runs.

    They are set wherever cargo starts the code, and nowhere else.
    """
    for path, changed in sorted(subject.change.files.items()):
        if not _CONFIG.search(path) or changed.status is FileStatus.DELETED:
            continue
        old = _table(subject.base, path, "env")
        for name, value in _table(subject.head, path, "env").items():
            if old.get(name) != value and (reader := _reader(subject.head, name)):
                line = _line(subject.head, path, name)
                yield (
                    path,
                    line,
                    f"{name} is set wherever cargo runs {reader}, which asks for it, and nowhere else",
                )


def _reader(tree: SourceTree, name: str) -> str | None:
    asks = re.compile(rf'\bvar(?:_os)?\s*\(\s*"{re.escape(name)}"'.encode())
    for path in tree.rust_paths:
        if path in tree.test_files or posixpath.basename(path) == "build.rs":
            continue
        source = tree.read(path)
        tests = tree.test_lines(path) if name.encode() in source else frozenset()
        for match in asks.finditer(source):
            if source.count(b"\n", 0, match.start()) + 1 not in tests:
                return path
    return None


def _holds_items(subject: Subject, path: str) -> bool:
    """Whether a file holds functions; a table of values may have any name."""
    return re.search(rb"\bfn\s+\w+\s*[(<]", subject.head.read(path)) is not None


def _differences(old: object, new: object) -> Iterator[tuple[str, str]]:
    before = old if isinstance(old, dict) else {"": old}
    after = new if isinstance(new, dict) else {"": new}
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield str(key), str(after.get(key))


def _table(tree: SourceTree | None, path: str, name: str) -> Mapping[str, Any]:
    if tree is None or path not in tree.paths:
        return {}
    found = read_toml(path, tree.read(path)).get(name)
    return found if isinstance(found, dict) else {}


def _line(tree: SourceTree, path: str, needle: str) -> int:
    if path not in tree.paths:
        return 0
    source = tree.read(path)
    position = source.find(needle.encode())
    return source.count(b"\n", 0, position) + 1 if position >= 0 else 0
