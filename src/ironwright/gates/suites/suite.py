"""Collects a tree's tests, with whether a plain test run reaches each, and the code that they use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from ironwright.gates.rust.assertions import Assertion, identifiers, leaf_texts, read_assertions
from ironwright.gates.rust.attributes import attribute_name, is_harness_attribute
from ironwright.gates.rust.conditions import Built, applied, conditions
from ironwright.gates.rust.items import Item, node_text
from ironwright.gates.rust.tests import is_judged
from ironwright.gates.suites.targets import TestTargets, enclosing

if TYPE_CHECKING:
    from ironwright.gates.rust.syntax import RustFile
    from ironwright.gates.subject import SourceTree

# Attributes that hold one case of a parametrised test each.
_CASES = frozenset({"case", "test_case", "values", "test_matrix", "trace", "files"})


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a plain test run runs a test.

    Attributes:
        built: Whether it is compiled and not ignored.
        why: What keeps it from running, for people; empty where nothing does.
    """

    built: Built
    why: str


@dataclass(frozen=True, eq=False)
class TestCode:
    """A test, or something in test code that tests use: a function, a macro, a constant.

    Attributes:
        path: Its file.
        name: Its name.
        kind: Its item's kind.
        qualified: Its name with the modules around it.
        line: 1-based line of the item itself.
        is_test: Whether a harness runs it.
        attributes: Its attributes without ``#[ ]``.
        reach: Whether a plain test run runs it.
        body: The syntax below which its code stands.
    """

    path: str
    name: str
    kind: str
    qualified: str
    line: int
    is_test: bool
    attributes: tuple[str, ...]
    reach: Reach
    body: Node = field(repr=False)

    @cached_property
    def tokens(self) -> list[str]:
        """The body's tokens."""
        return leaf_texts(self.body)

    @cached_property
    def text(self) -> str:
        """The body in one layout, without comments."""
        return " ".join(self.tokens)

    @cached_property
    def words(self) -> frozenset[str]:
        """The names and literals of the body and of the cases in its attributes."""
        attributes = " ".join(self.attributes)
        return frozenset(self.tokens) | frozenset(_words(attributes))

    @cached_property
    def names(self) -> frozenset[str]:
        """The identifiers of the body."""
        return frozenset(identifiers(self.body))

    @cached_property
    def assertions(self) -> tuple[Assertion, ...]:
        """What it asserts."""
        return tuple(read_assertions(self.body))

    @property
    def makes_value(self) -> bool:
        """Whether it is a function that returns something."""
        owner = self.body.parent
        return (
            self.kind == "function"
            and owner is not None
            and owner.child_by_field_name("return_type") is not None
        )

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases that its attributes state."""
        return tuple(text for text in self.attributes if attribute_name(text).rsplit("::", 1)[-1] in _CASES)


class TestSuite:
    """The test code of some files of a tree.

    Args:
        tree: The tree.
        paths: The Rust files to look at; others are ignored.
        targets: Which files a plain test run compiles; None where that need not be asked, because it is
            the same on both sides of the change.
    """

    def __init__(self, tree: SourceTree, paths: Iterable[str], targets: TestTargets | None) -> None:
        self._tree = tree
        self._targets = targets
        self._features = targets if targets is not None else TestTargets(tree)
        self.files: tuple[RustFile, ...] = tuple(tree.rust(path) for path in sorted(set(paths)))

    @cached_property
    def tests(self) -> tuple[TestCode, ...]:
        """What a harness runs."""
        return tuple(code for code in self._code if code.is_test)

    @cached_property
    def support(self) -> tuple[TestCode, ...]:
        """Other functions and macros in test code."""
        return tuple(code for code in self._code if not code.is_test)

    @cached_property
    def _code(self) -> tuple[TestCode, ...]:
        return tuple(code for file in self.files for code in self._read(file))

    def _read(self, file: RustFile) -> Iterator[TestCode]:
        if "benches" in file.path.split("/"):
            return  # benchmarks measure
        features = self._features.features(file.path)
        own = conditions(file.inner_attributes, features)
        live = Built.YES if self._targets is None else self._targets.files.get(file.path, Built.NO)
        in_tests = file.path in self._tree.test_files
        for item in file.items:
            if not (item.is_test or item.in_test or in_tests):
                continue
            reach = self._reach(file, item, own, live, features)
            if item.kind == "function" and item.body is not None and not item.is_nested:
                if item.is_test and not is_judged(item):
                    continue
                yield TestCode(
                    file.path,
                    item.name,
                    item.kind,
                    item.qualified_name,
                    item.line,
                    item.is_test,
                    item.attributes,
                    reach,
                    item.body,
                )
            elif item.kind == "macro_call":
                yield from _in_macro(file.path, item, reach)
            elif item.kind in ("macro", "const", "static") and not item.is_nested:
                yield TestCode(
                    file.path,
                    item.name,
                    item.kind,
                    item.qualified_name,
                    item.line,
                    False,
                    (),
                    reach,
                    item.node,
                )

    def _reach(self, file: RustFile, item: Item, own: Built, live: Built, features: frozenset[str]) -> Reach:
        if live < Built.YES:
            why = self._targets.why_not(file.path) if self._targets is not None else ""
            return Reach(live, why or f"no target of a plain test run holds {file.path} any more")
        if own < Built.YES:
            return Reach(own, f"`#![cfg(…)]` at the top of {file.path} leaves it out")
        inside = enclosing(item, features)
        if inside < Built.YES:
            return Reach(inside, f"`{_condition(item, features)}` leaves it out")
        ignored = applied(item.attributes, "ignore", features)
        if ignored > Built.NO:
            return Reach(Built(2 - ignored), "it is `#[ignore]`")
        return Reach(Built.YES, "")


def _condition(item: Item, features: frozenset[str]) -> str:
    current: Item | None = item
    while current is not None:
        for text in current.attributes:
            if conditions((text,), features) < Built.YES:
                return f"#[{text}]"
        current = current.parent
    return "#[cfg(…)]"


def _in_macro(path: str, item: Item, reach: Reach) -> Iterator[TestCode]:
    """The tests that a macro call at item level holds: ``proptest! { #[test] fn x(…) { … } }``."""
    tree = next((child for child in item.node.children if child.type == "token_tree"), None)
    if tree is None:
        return
    attributes: list[str] = []
    children = tree.children
    for position, token in enumerate(children):
        if token.type == "#" and position + 1 < len(children):
            attributes.append(" ".join(node_text(children[position + 1]).split())[1:-1].strip())
        elif node_text(token) == "fn" and position + 1 < len(children):
            name = node_text(children[position + 1])
            body = next((c for c in children[position + 2 :] if (c.text or b"").startswith(b"{")), None)
            outer = item.parent.qualified_name + "::" if item.parent is not None else ""
            if body is not None:
                yield TestCode(
                    path,
                    name,
                    "function",
                    outer + name,
                    token.start_point.row + 1,
                    any(is_harness_attribute(text) for text in attributes) or item.name == "quickcheck",
                    tuple(attributes),
                    reach,
                    body,
                )
            attributes = []


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[\w.]+', text)
