"""The tree in which new tests must be red: base's code with head's tests, cut until it compiles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from ironwright.gates.rust.items import Item
from ironwright.gates.rust.modules import declared_modules
from ironwright.gates.rust.syntax import RustFile, parse_rust

if TYPE_CHECKING:
    from ironwright.gates.subject import SourceTree, Subject

_TEST_DATA = frozenset(
    {"tests", "test", "testdata", "test-data", "test_data", "fixtures", "snapshots", "benches"}
)


@dataclass
class RedTree:
    """Head's tests on base's code.

    Attributes:
        changes: The files that differ from base; None leaves a file out.
        homeless: ``path: test`` of tests that stand in a file or module which base does not have: they
            cannot even be compiled there.
        removed: Names of test items that were cut, so that errors about them are understood.
    """

    changes: dict[str, bytes | None] = field(default_factory=dict)
    homeless: list[tuple[str, Item]] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)

    def source(self, subject: Subject, path: str) -> bytes | None:
        """What the tree holds at a path, or None."""
        if path in self.changes:
            return self.changes[path]
        assert subject.base is not None
        return subject.base.read(path) if path in subject.base.paths else None


def build_red_tree(subject: Subject) -> RedTree:
    """Put head's tests on base's code.

    Test files, test data and ``[dev-dependencies]`` are head's; in every other Rust file the test items
    are head's and the rest is base's.
    """
    base, head = subject.base, subject.head
    assert base is not None
    tree = RedTree()
    for path, change in sorted(subject.change.files.items()):
        in_head, in_base = path in head.paths, path in base.paths
        if path.endswith(".rs"):
            if path in head.test_files or (not in_head and path in base.test_files):
                tree.changes[path] = head.read(path) if in_head else None
            elif in_head and in_base:
                merged = _merge(base.rust(path), head.rust(path), path, tree)
                if merged != base.read(path):
                    tree.changes[path] = merged
            elif in_head:
                tree.homeless += [(path, item) for item in head.rust(path).items if item.is_test]
        elif PurePosixPath(path).name == "Cargo.toml":
            if in_head and in_base:
                tree.changes[path] = _with_dev_dependencies(base.read(path), head.read(path))
        elif PurePosixPath(path).name == "Cargo.lock":
            continue
        elif _TEST_DATA & set(PurePosixPath(path).parts[:-1]):
            tree.changes[path] = head.read(path) if in_head else None
        del change
    _drop_stale_lock(subject, tree)
    _drop_orphans(subject, tree)
    return tree


def _drop_stale_lock(subject: Subject, tree: RedTree) -> None:
    """Where manifests differ from base's, base's lock need not fit: cargo makes a new one."""
    assert subject.base is not None
    differ = any(path.endswith("Cargo.toml") for path in tree.changes)
    for path in subject.base.paths:
        if differ and PurePosixPath(path).name == "Cargo.lock":
            tree.changes[path] = None


def _drop_orphans(subject: Subject, tree: RedTree) -> None:
    """A test module's file whose declaration base has no place for is homeless too."""
    for path in [p for p in tree.changes if p in subject.head.test_files and tree.changes[p] is not None]:
        owners = [
            owner
            for owner in subject.head.rust_paths
            if any(target == path for target, _ in declared_modules(subject.head, owner))
        ]
        if owners and all(tree.source(subject, owner) is None for owner in owners):
            tree.homeless += [(path, item) for item in subject.head.rust(path).items if item.is_test]
            tree.changes[path] = None


def _test_roots(file: RustFile) -> list[Item]:
    """The outermost test items."""
    return [item for item in file.items if item.in_test and not (item.parent and item.parent.in_test)]


def _key(item: Item) -> tuple[object, ...]:
    text = b"" if item.name and item.kind not in ("use", "macro_call") else (item.node.text or b"")
    return (item.path, item.kind, text)


def _merge(base: RustFile, head: RustFile, path: str, tree: RedTree) -> bytes:
    """Base's file with head's test items in the place of its own."""
    edits: list[tuple[int, int, bytes]] = []
    mine: dict[tuple[object, ...], list[Item]] = {}
    for item in _test_roots(base):
        mine.setdefault(_key(item), []).append(item)
    containers = {
        item.path: item
        for item in base.items
        if item.body is not None and item.kind in ("mod", "impl", "trait")
    }
    for item in _test_roots(head):
        text = head.source[item.start_byte : item.end_byte]
        known = mine.get(_key(item))
        if known:
            old = known.pop(0)
            edits.append((old.start_byte, old.end_byte, text))
        elif item.parent is None:
            edits.append((len(base.source), len(base.source), b"\n" + text + b"\n"))
        elif (holder := containers.get(item.parent.path)) is not None and holder.body is not None:
            end = holder.body.end_byte - 1
            edits.append((end, end, b"\n" + text + b"\n"))
        else:
            inside = [i for i in head.items if i.is_test and item.start_byte <= i.start_byte < item.end_byte]
            tree.homeless += [(path, found) for found in inside]
    for left in mine.values():
        edits += [(item.start_byte, item.end_byte, b"") for item in left]
    source = base.source
    for start, end, text in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        source = source[:start] + text + source[end:]
    return source


def _with_dev_dependencies(base: bytes, head: bytes) -> bytes:
    """Base's manifest with head's ``[dev-dependencies]`` and declared test targets."""
    try:
        merged, wanted = tomlkit.parse(base.decode()), tomlkit.parse(head.decode())
    except (UnicodeDecodeError, TOMLKitError):
        return base  # cargo will say on head or on base what is wrong with it
    for table in ("dev-dependencies", "test"):
        _take(merged, wanted, table)
    return tomlkit.dumps(merged).encode()


def _take(merged: Any, wanted: Mapping[str, Any], table: str) -> None:
    if table in wanted:
        merged[table] = wanted[table]
    elif table in merged:
        del merged[table]


@dataclass(frozen=True, slots=True)
class Cut:
    """A test item that was cut because it does not compile on base's code.

    Attributes:
        path: Its file.
        name: Its path inside the file, joined by ``::``.
        is_test: Whether it is a test function (and no helper or import).
        attributed: Whether the error is about what the change adds or changes.
        message: What the compiler said.
    """

    path: str
    name: str
    is_test: bool
    attributed: bool
    message: str


@dataclass(frozen=True, slots=True)
class CompileError:
    """Where and why the tree does not compile.

    Attributes:
        path: File relative to the root, or None.
        line: 1-based.
        column: 1-based.
        message: The compiler's message, with its labels.
    """

    path: str | None
    line: int
    column: int
    message: str


def cut_errors(
    subject: Subject, tree: RedTree, errors: Iterable[CompileError], names: frozenset[str]
) -> tuple[list[Cut], list[CompileError]]:
    """Cut the outermost test function (or the leaf of an import) around every error.

    Args:
        subject: Gives base's files.
        tree: Changed in place.
        errors: What the compiler said of the tree.
        names: What the change adds or changes.

    Returns:
        What was cut, and the errors that lie in no test code.
    """
    cuts: list[Cut] = []
    stray: list[CompileError] = []
    by_file: dict[str, list[CompileError]] = {}
    for error in errors:
        if error.path is None or tree.source(subject, error.path) is None:
            stray.append(error)
        else:
            by_file.setdefault(error.path, []).append(error)
    for path, found in by_file.items():
        source = tree.source(subject, path)
        assert source is not None
        file = parse_rust(path, source)
        whole = path in subject.head.test_files or file.is_test_file
        spans: list[tuple[int, int]] = []
        for error in found:
            item = _enclosing(file, error, whole)
            if item is None:
                stray.append(error)
                continue
            start, end = _leaf_of_import(file, item, error) if item.kind == "use" else _whole(item)
            spans.append((start, end))
            about = _words(error.message) | _words(source[start:end].decode("utf-8", "replace"), short=True)
            known = bool(about & (names | tree.removed))
            tree.removed |= (
                {item.name} if item.kind != "use" else _words(source[start:end].decode("utf-8", "replace"))
            )
            cuts.append(Cut(path, item.qualified_name, item.is_test, known, error.message))
        tree.changes[path] = _without(source, spans)
    return cuts, stray


def _whole(item: Item) -> tuple[int, int]:
    return item.start_byte, item.end_byte


def _enclosing(file: RustFile, error: CompileError, whole: bool) -> Item | None:
    around = [i for i in file.items if error.line in i.lines and (whole or i.in_test)]
    functions = [item for item in around if item.kind == "function"]
    if functions:
        return functions[0]
    return around[-1] if around else None


def _leaf_of_import(file: RustFile, item: Item, error: CompileError) -> tuple[int, int]:
    """The part of a ``use`` that the error is about, with its comma; the whole item where it is one part."""
    line_start = file.line_starts[error.line - 1]
    # The compiler counts columns in characters.
    prefix = file.source[line_start:].decode("utf-8", "replace")[: error.column - 1]
    position = line_start + len(prefix.encode())
    node = file.root.descendant_for_byte_range(position, position)
    while node is not None and node.parent is not None:
        if node.parent.type == "use_list":
            end = node.end_byte
            after = re.match(rb"\s*,", file.source[end:])
            return node.start_byte, end + (after.end() if after else 0)
        if node.parent.type == "use_declaration":
            break
        node = node.parent
    return _whole(item)


def _without(source: bytes, spans: list[tuple[int, int]]) -> bytes:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    for start, end in reversed(merged):
        source = source[:start] + source[end:]
    return source


def _words(text: str, *, short: bool = False) -> set[str]:
    """The identifiers in back quotes of a compiler's message, or all of a short piece of code."""
    if short:
        return set(re.findall(r"[A-Za-z_]\w*", text)) if len(text) < 80 else set()
    quoted = re.findall(r"`([^`]+)`", text) or [text]
    return {word for part in quoted for word in re.findall(r"[A-Za-z_]\w*", part)}


def tests_of(tree: SourceTree, path: str) -> tuple[Item, ...]:
    """The test functions of a file."""
    return tuple(item for item in tree.rust(path).items if item.is_test)
