"""What a change does to code: which items and tests are new or changed, comments and layout left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ironwright.gates.rust.items import Item
from ironwright.gates.rust.syntax import RustFile

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

# Containers change when what they hold changes; their members are looked at one by one.
_CONTAINERS = frozenset({"mod", "impl", "trait", "extern_block"})
_NO_BEHAVIOUR = frozenset({"use", "extern_crate"})
# White space means something in literals, and there alone.
_LITERAL_OR_SPACE = re.compile(
    rb"""(\bb?r(#*)".*?"\2|"(?:\\.|[^"\\])*"|'(?:\\.[^']*|[^'\\])')|\s+""", re.DOTALL
)


@dataclass(frozen=True, slots=True, eq=False)
class CodeItem:
    """One item of the head tree that base does not have like this.

    Attributes:
        path: Its file.
        item: The item.
        new: Whether base has no item of this kind and name in this file (moved items are no change).
    """

    path: str
    item: Item
    new: bool


class CodeChanges:
    """Compares the items of two trees by their text without comments and white space.

    An item that base has anywhere, in whatever file, is unchanged: moving code is no new behaviour.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @cached_property
    def tests(self) -> tuple[CodeItem, ...]:
        """The test functions that are new or changed."""
        return tuple(found for found in self._changed if found.item.is_test)

    @cached_property
    def test_support(self) -> tuple[CodeItem, ...]:
        """Other test code that is new or changed: helpers, fixtures, macros of tests."""
        return tuple(
            found
            for found in self._changed
            if self._in_test(found.path, found.item) and not found.item.is_test
        )

    @cached_property
    def items(self) -> tuple[CodeItem, ...]:
        """The items outside test code that are new or changed and can change behaviour."""
        return tuple(found for found in self._changed if not self._in_test(found.path, found.item))

    @cached_property
    def functions(self) -> tuple[CodeItem, ...]:
        """The functions with bodies among :attr:`items`."""
        return tuple(f for f in self.items if f.item.kind == "function" and f.item.body is not None)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names that head's code outside tests adds or defines otherwise: what tests of the change use."""
        found = {changed.item.name for changed in self.items}
        for changed in self.items:
            found.update(_inner_names(changed.item))
            if changed.item.parent is not None:
                found.update(changed.item.parent.name.replace("<", " ").replace(">", " ").split())
        return frozenset(found)

    @cached_property
    def _changed(self) -> tuple[CodeItem, ...]:
        subject = self._subject
        touched = [p for p in sorted(subject.change.files) if p.endswith(".rs") and p in subject.head.paths]
        if not touched:
            return ()
        known = self._base_texts
        found = []
        for path in touched:
            file = subject.head.rust(path)
            before = self._base_names(path)
            for item in judged_items(file):
                if item.kind in _NO_BEHAVIOUR:
                    continue
                if known[bare_text(file, item)] == 0:
                    found.append(CodeItem(path, item, (item.kind, item.qualified_name) not in before))
        return tuple(found)

    @cached_property
    def _base_texts(self) -> Counter[bytes]:
        """The texts of base's items in every file that the change touches or removes."""
        base = self._subject.base
        texts: Counter[bytes] = Counter()
        for path in self._subject.change.files:
            if base is not None and path.endswith(".rs") and path in base.paths:
                file = base.rust(path)
                texts.update(bare_text(file, item) for item in judged_items(file))
        return texts

    def _base_names(self, path: str) -> frozenset[tuple[str, str]]:
        base = self._subject.base
        if base is None or path not in base.paths:
            return frozenset()
        return frozenset((item.kind, item.qualified_name) for item in judged_items(base.rust(path)))

    def _in_test(self, path: str, item: Item) -> bool:
        return item.in_test or path in self._subject.head.test_files


def judged_items(file: RustFile) -> Iterator[Item]:
    """The items that stand for themselves: no containers, nothing inside a function."""
    for item in file.items:
        if item.is_nested or (item.kind in _CONTAINERS and item.body is not None):
            continue
        yield item


def bare_text(file: RustFile, item: Item) -> bytes:
    """An item's text without comments, documentation and white space, after what encloses it.

    A method of another type with the same words is another item, so the enclosing type counts; the
    enclosing modules do not, as moving between modules changes no behaviour by itself.
    """
    source = bytearray(file.source[item.start_byte : item.end_byte])
    for comment in file.comments:
        if item.start_byte <= comment.start_byte and comment.end_byte <= item.end_byte:
            start, end = comment.start_byte - item.start_byte, comment.end_byte - item.start_byte
            source[start:end] = b" " * (end - start)
    owner = item.parent.name if item.parent is not None and item.parent.kind in ("impl", "trait") else ""
    kind = b"test " if item.in_test else b""
    return kind + owner.encode() + b" " + _LITERAL_OR_SPACE.sub(rb"\1", bytes(source))


def _inner_names(item: Item) -> Iterator[str]:
    """Names that an item brings with it: variants, fields, associated items."""
    if item.kind not in ("enum", "struct", "union", "macro_call"):
        return
    from ironwright.gates.rust.items import descend, node_text

    wanted = {"enum_variant", "field_declaration"}
    for node in descend(item.node):
        if node.type in wanted and (name := node.child_by_field_name("name")) is not None:
            yield node_text(name)
        elif item.kind == "macro_call" and node.type == "identifier":
            yield node_text(node)
