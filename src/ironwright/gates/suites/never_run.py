"""Finds new tests that no plain test run reaches: in files nobody declares, behind features of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.gates.rust.assertions import read_assertions
from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.conditions import Built
from ironwright.gates.rust.items import Item
from ironwright.gates.suites.suite import TestSuite
from ironwright.gates.suites.targets import TestTargets

if TYPE_CHECKING:
    from ironwright.gates.subject import SourceTree, Subject

# By what a program without a harness ends badly, or hands its tests to one.
_FAILS = re.compile(
    rb"\bassert\w*!|\bpanic!|\.unwrap\(|\.expect\(|\?\s*[;)]|\bexit\(|\bExitCode\b|\bbail!|"
    rb"\w+::(?:run|main|harness)\w*\(|\w*(?:main|harness|runner)!\s*[({]|\bresume_unwind\b"
)
# Macros that make a module of every file of a folder, at the start of a line.
_COLLECTS = re.compile(
    rb"^\s*(?:\w+::)*\w*(?:dir|glob|modules?|tests?|files)!\s*[({\[]\s*\"?([^\")\]}]*)", re.M
)
_FEATURE = re.compile(r"\bfeature\s*=\s*\"([^\"]+)\"")


def never_run(subject: Subject) -> Iterator[tuple[str, int, str, str]]:
    """New tests that do not run: path, line, what is wrong, what to do."""
    changes = CodeChanges(subject)
    fresh = {(found.path, found.item.qualified_name) for found in changes.tests}
    paths = sorted({path for path, _ in fresh})
    if fresh:
        targets = TestTargets(subject.head)
        for test in TestSuite(subject.head, paths, targets).tests:
            if (test.path, test.qualified) not in fresh:
                continue
            lost = test.path not in targets.files and _has_package(subject.head, test.path)
            if lost and not _is_collected(subject.head, test.path):
                yield (
                    test.path,
                    test.line,
                    f"the test `{test.name}` never runs: no target of cargo holds its file",
                    "Declare the file as a module (`mod …;`), or put it where cargo looks for tests.",
                )
            elif test.reach.built is Built.NO and (name := _own_feature(subject.head, test.path, test.line)):
                yield (
                    test.path,
                    test.line,
                    f"the test `{test.name}` never runs: it wants the feature `{name}`, which is off by "
                    "default and enables no other code",
                    "Take the condition away.",
                )
    yield from _cannot_fail(subject)
    for found in changes.test_support:
        item = found.item
        if item.kind == "function" and _is_lost(subject.head, found.path, item):
            yield (
                found.path,
                item.line,
                f"`{item.name}` asserts something and nothing runs it: it has no `#[test]` and no caller",
                "Write `#[test]` above it, or call it from a test.",
            )


def _cannot_fail(subject: Subject) -> Iterator[tuple[str, int, str, str]]:
    """New test programs with a ``main`` of their own in which nothing can fail."""
    touched = {file.path for file in subject.change.live_files if "tests/" in file.path}
    if not any(path.endswith(".rs") for path in touched):
        return
    for root in TestTargets(subject.head).roots:
        if root.path not in touched or not root.why.startswith("`harness = false`"):
            continue
        file = subject.head.rust(root.path)
        main = next((item for item in file.functions if item.name == "main" and item.parent is None), None)
        if main is not None and not _FAILS.search(file.source):
            yield (
                root.path,
                main.line,
                "the test program brings its own `main`, and nothing in it can fail",
                "Let Rust's harness run tests that assert something.",
            )


def _has_package(tree: SourceTree, path: str) -> bool:
    """Whether a manifest stands in a folder around a file: what cargo never builds is no concern of it."""
    while path:
        path = path.rpartition("/")[0]
        if (f"{path}/Cargo.toml" if path else "Cargo.toml") in tree.paths:
            return True
    return False


def _is_collected(tree: SourceTree, path: str) -> bool:
    """Whether a macro declares the modules of a file's folder, which it names or stands in."""
    folder = path.rpartition("/")[0]
    for other in tree.rust_paths:
        source = tree.read(other)
        near = other.rpartition("/")[0] == folder
        for found in _COLLECTS.finditer(source):
            named = found[1].decode("utf-8", "replace").strip("./")
            if (
                named and (folder.endswith(named) or folder.endswith(named.rpartition("/")[0] or named))
            ) or near:
                return True
    return False


def _own_feature(tree: SourceTree, path: str, line: int) -> str | None:
    """The feature that a test waits for, where only tests know it."""
    wanted: set[str] = set()
    for item in tree.rust(path).items:
        if item.start_line <= line <= item.end_line:
            wanted |= {name for text in item.attributes for name in _FEATURE.findall(text)}
    wanted |= {name for text in tree.rust(path).inner_attributes for name in _FEATURE.findall(text)}
    for name in sorted(wanted):
        if not _enables_code(tree, name):
            return name
    return None


def _enables_code(tree: SourceTree, name: str) -> bool:
    quoted = f'"{name}"'.encode()
    for path in tree.rust_paths:
        source = tree.read(path)
        if quoted not in source or path in tree.test_files:
            continue
        tests = tree.test_lines(path)
        for found in re.finditer(re.escape(quoted), source):
            if source.count(b"\n", 0, found.start()) + 1 not in tests:
                return True
    # A feature that stands for a dependency enables that one.
    listed = re.compile(
        rf"^\s*\"?{re.escape(name)}\"?\s*=\s*\[\s*\"|\boptional\s*=\s*true".encode(), re.MULTILINE
    )
    return any(
        listed.search(tree.read(path)) for path in tree.paths if path.rsplit("/", 1)[-1] == "Cargo.toml"
    )


def _is_lost(tree: SourceTree, path: str, item: Item) -> bool:
    """Whether a function of test code asserts, is run by no harness, and is named nowhere else."""
    if item.body is None or item.in_trait_impl or item.name == "main" or item.is_nested:
        return False
    plain = {"allow", "expect", "doc", "inline", "cfg", "rustfmt::skip", "track_caller"}
    if {attribute_name(text) for text in item.attributes} - plain or item.parameters:
        return False
    if item.parent is not None and item.parent.kind in ("impl", "trait"):
        return False
    if not any(not found.guards for found in read_assertions(item.body)):
        return False
    word = re.compile(rf"\b{re.escape(item.name)}\b".encode())
    return sum(len(word.findall(tree.read(other))) for other in tree.rust_paths) == 1
