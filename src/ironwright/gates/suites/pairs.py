"""Finds the test of head that each test of base became, and what the change did to the code under test."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING

from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.gates.rust.assertions import identifiers, leaf_texts
from ironwright.gates.rust.items import Item, descend, node_text
from ironwright.gates.suites.suite import TestCode, TestSuite
from ironwright.records.change import FileStatus
from ironwright.records.errors import RepositoryError
from ironwright.records.manifest import changed_entries, is_manifest

if TYPE_CHECKING:
    from ironwright.gates.subject import SourceTree, Subject

# Two bodies with at least this share of common tokens are one test, edited; below it they are two.
_SAME_TEST = 0.6
_SAME_ITEM = 0.8
_SHORT = 40
_DEFINES = re.compile(rb"\bfn\s+(?:r#)?(\w+)|\bmacro_rules!\s*(?:r#)?(\w+)")
# Files that say nothing about behaviour.
_SILENT = (".md", ".txt", ".rs", ".toml", ".lock", ".snap", ".yml", ".yaml")
_NAMED_ITEMS = frozenset(
    {"function", "struct", "enum", "union", "trait", "type", "const", "static", "macro", "mod"}
)


def pair_tests(base: TestSuite, head: TestSuite) -> dict[TestCode, TestCode | None]:
    """What each test of base became; None for those that head has not got.

    The same name in the same module comes first, then the same body anywhere (moved or renamed), then the
    same name elsewhere, then the most similar body among head's new tests. A test that lost its attribute
    is paired with the function that is left of it.
    """
    every = [*head.tests, *head.support]
    by_place = {(code.path, code.qualified): code for code in reversed(every) if code.kind == "function"}
    by_body: dict[str, list[TestCode]] = defaultdict(list)
    for code in every:
        by_body[code.text].append(code)
    old_places = {(code.path, code.qualified) for code in (*base.tests, *base.support)}
    pairs: dict[TestCode, TestCode | None] = {}
    left: list[TestCode] = []
    for test in base.tests:
        same = sorted(by_body.get(test.text, ()), key=lambda code: (code.is_test, code.reach.built))
        here = by_place.get((test.path, test.qualified))
        if here is not None and (here.text == test.text or not same or not same[-1].is_test):
            pairs[test] = here
        elif same and len(test.tokens) > 2:
            pairs[test] = same[-1]
        elif here is not None:
            pairs[test] = here
        else:
            left.append(test)
    taken = {code for code in pairs.values() if code is not None}
    fresh = [
        code for code in head.tests if code not in taken and (code.path, code.qualified) not in old_places
    ]
    for test in left:
        pairs[test] = _closest(test, fresh)
        if (found := pairs[test]) is not None:
            fresh.remove(found)
    return pairs


def _closest(test: TestCode, fresh: list[TestCode]) -> TestCode | None:
    best, score = None, _SAME_TEST
    for code in fresh:
        likeness = similarity(test.tokens, code.tokens, score) + (0.3 if code.name == test.name else 0.0)
        if likeness >= score:
            best, score = code, likeness
    return best


def similarity(one: list[str], other: list[str], floor: float = 0.0) -> float:
    """The share of common tokens of two texts; 0 where a bound shows that it is below ``floor``."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < floor or matcher.quick_ratio() < floor:
        return 0.0
    return matcher.ratio()


class CodeUnderTest:
    """What a change did to the code that tests exercise.

    Args:
        subject: A change with a base tree.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._reached: dict[str, frozenset[str]] = {}

    def is_gone(self, names: frozenset[str]) -> bool:
        """Whether something outside of tests that these names mean is in head no more, under any name."""
        return not names.isdisjoint(self._gone)

    def changed_for(self, test: TestCode) -> bool:
        """Whether what a test exercises, directly or through other functions, is other code than before."""
        if any(f"/{name}" in f"/{test.text}" for name in self._changed_data):
            return True
        # What starts a program exercises whatever the program does.
        starts = {"main"} if "CARGO_BIN_EXE_" in test.text or "cargo_bin" in test.names else set()
        return self._other_inputs or self._reaches_change(test.names | starts)

    @cached_property
    def functions(self) -> frozenset[str]:
        """The names of functions and macros that head's text defines, in tests too."""
        return frozenset(self._defining)

    @cached_property
    def _gone(self) -> frozenset[str]:
        base = self._subject.base
        if base is None:
            return frozenset()
        before = dict(self._defined(base, FileStatus.ADDED))
        after = dict(self._defined(self._subject.head, FileStatus.DELETED))
        lost = before.keys() - after.keys()
        new = [_shape(item) for key, item in after.items() if item is not None and key not in before]
        return frozenset(key[1] for key in lost if (item := before[key]) is None or not _lives_on(item, new))

    def _defined(self, tree: SourceTree, but: FileStatus) -> Iterator[tuple[tuple[str, str], Item | None]]:
        """What the changed files define outside of tests: owner and name, with the item if it is one."""
        for path, changed in self._subject.change.files.items():
            if changed.status == but or path not in tree.rust_paths or path in tree.test_files:
                continue
            for item in tree.rust(path).items:
                if item.in_test or item.kind not in _NAMED_ITEMS | {"impl"}:
                    continue
                owner = item.parent.name if item.parent is not None and item.parent.kind != "mod" else ""
                if item.kind == "impl":
                    # The loss of `impl Display for Point` is the loss of something of Point's.
                    yield (item.name, re.sub(r"<.*", "", item.name.split(" for ")[-1])), None
                    continue
                yield (owner, item.name), item
                if item.kind in ("enum", "struct", "union"):
                    for node in descend(item.node):
                        if node.type in ("enum_variant", "field_declaration"):
                            name = node.child_by_field_name("name")
                            yield (item.name, node_text(name) if name is not None else ""), None

    @cached_property
    def _changed_names(self) -> frozenset[str]:
        changes = CodeChanges(self._subject)
        base = self._subject.base
        names = set(changes.names)
        if base is not None:
            before = {key for key, _item in self._defined(base, FileStatus.ADDED)}
            after = {key for key, _item in self._defined(self._subject.head, FileStatus.DELETED)}
            names |= {name for _owner, name in before ^ after}
        return frozenset(names)

    @cached_property
    def _other_inputs(self) -> bool:
        """Whether dependencies changed: then every test exercises other code."""
        subject = self._subject
        for path in subject.change.files:
            if not is_manifest(path) or subject.base is None:
                continue
            before = _text(subject.base, path)
            try:
                if changed_entries(before, _text(subject.head, path), path):
                    return True
            except RepositoryError:
                return True  # compile_errors reports a manifest that is no TOML
        return False

    @cached_property
    def _changed_data(self) -> tuple[str, ...]:
        """Names of changed files that are neither Rust nor prose nor settings: data that code may read."""
        return tuple(
            path.rsplit("/", 1)[-1] for path in self._subject.change.files if not path.endswith(_SILENT)
        )

    def _reaches_change(self, names: frozenset[str]) -> bool:
        seen: set[str] = set()
        todo = set(names)
        while todo:
            if not todo.isdisjoint(self._changed_names):
                return True
            seen |= todo
            todo = {called for name in todo for called in self._names_in(name)} - seen
        return False

    def _names_in(self, name: str) -> frozenset[str]:
        """The identifiers in the bodies of all functions and macros of a name in head."""
        if name not in self._reached:
            tree = self._subject.head
            items = [
                item
                for path in self._defining.get(name, ())
                for item in tree.rust(path).items
                if item.name == name and item.kind in ("function", "macro")
            ]
            found = {word for item in items for word in identifiers(item.node)}
            if "cargo_bin" in found or any("CARGO_BIN_EXE_" in node_text(item.node) for item in items):
                found.add("main")
            self._reached[name] = frozenset(found)
        return self._reached[name]

    @cached_property
    def _defining(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for path in self._subject.head.rust_paths:
            for match in _DEFINES.finditer(self._subject.head.read(path)):
                found[(match[1] or match[2]).decode()].add(path)
        return found


def _lives_on(item: Item, new: Iterable[list[str]]) -> bool:
    """Whether a new item is this one under another name; short ones must be equal but for the name."""
    tokens = _shape(item)
    if len(tokens) < _SHORT:
        return any(tokens == other for other in new)
    return any(similarity(tokens, other, _SAME_ITEM) >= _SAME_ITEM for other in new)


def _shape(item: Item) -> list[str]:
    return [item.kind, *(text for text in leaf_texts(item.node) if text != item.name)]


def _text(tree: SourceTree, path: str) -> str:
    return tree.read(path).decode("utf-8", "replace") if path in tree.paths else ""
