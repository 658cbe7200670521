"""Writes the wrong versions of changed functions into their files, all at once, each behind a switch.

What is written: another value than the function answers (*value*), failure in place of success and nothing in
place of something (*variant*), the body left out where it answers nothing (*skip*), other words where the
change prints (*print*), turned conditions (*condition*), other operators (*operator*) and other numbers
(*number*). Each place is a unit that can be left out alone, where the compiler refuses it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from tree_sitter import Node

from ironwright.gates.mutation.runtime import MODULE, support
from ironwright.gates.mutation.type_changes import type_changes
from ironwright.gates.redness.code_changes import CodeItem
from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.items import Item, descend, node_text
from ironwright.records.manifest import is_manifest

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

VALUE, VARIANT, SKIP, PRINT, CONDITION, OPERATOR, NUMBER, ENTRY = "v", "t", "s", "p", "c", "o", "n", "e"
_SWAPPED: Final = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "==": "!=", "!=": "==",
    "<": ">=", ">=": "<", ">": "<=", "<=": ">", "&&": "||", "||": "&&",
    "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<",
}  # fmt: skip
_FORBIDS: Final = re.compile(rb"forbid\s*\([^)]*\bunsafe_code\b|\bunsafe_code\s*=[^\n]*forbid")
_ELSEWHERE: Final = frozenset({"closure_expression", "async_block", "function_item", "const_block"})
# Where numbers are no expressions: patterns and types want constants.
_NO_NUMBERS: Final = frozenset(
    {
        "match_pattern",
        "range_pattern",
        "tuple_struct_pattern",
        "tuple_pattern",
        "or_pattern",
        "slice_pattern",
        "captured_pattern",
        "array_type",
        "const_item",
        "static_item",
        "attribute_item",
        "negative_literal",
        "field_pattern",
        "generic_type",
        "type_arguments",
        "macro_invocation",
        "token_tree",
    }
)
_NOT_MUTATED: Final = frozenset({"naked", "panic_handler", "no_mangle", "export_name", "start", "unsafe"})
# Of one function, so many places of the lesser kinds are enough to say that a test looks at it.
_MOST_PLACES = 24


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that is put around a part of a file.

    Attributes:
        start: First byte of the part.
        end: First byte behind it.
        before: What is put before it.
        after: What is put behind it.
    """

    start: int
    end: int
    before: str
    after: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One wrong version, or an implementation that others need.

    Attributes:
        number: Its number, by which it is switched on.
        kind: ``VALUE``, ``VARIANT``, ``SKIP``, ``PRINT``, ``CONDITION``, ``OPERATOR``, ``NUMBER``, ``ENTRY``
            (changes nothing, tells who comes by), or empty for an implementation.
        function: The function that it is in; None for an implementation.
        edits: What is put where; for an implementation its text alone.
    """

    number: int
    kind: str
    function: CodeItem | None
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Written:
    """One file with its wrong versions in it.

    Attributes:
        source: The bytes.
        spans: Where in them each unit's texts lie, first and behind, outer ones first.
        functions: Where each mutated function lies.
    """

    source: bytes
    spans: tuple[tuple[int, int, Unit], ...]
    functions: tuple[tuple[int, int, CodeItem], ...]

    def guilty(self, line: int, column: int) -> frozenset[Unit]:
        """The units to blame for an error: those around its place, else those of its function, else all."""
        lines = self.source.split(b"\n")
        text = lines[line - 1].decode("utf-8", "replace") if line <= len(lines) else ""
        byte = sum(len(before) + 1 for before in lines[: line - 1]) + len(text[: column - 1].encode())
        around = [unit for start, end, unit in self.spans if start <= byte < end]
        if around:
            return frozenset(around[-1:])
        for start, end, function in self.functions:
            if start <= byte < end:
                own = frozenset(unit for _, _, unit in self.spans if unit.function is function)
                if own:
                    return own
        return frozenset(unit for _, _, unit in self.spans)


class WrongVersions:
    """The wrong versions of some functions.

    Args:
        subject: The change; the functions are head's.
        functions: The functions to mutate, as far as they can be.
    """

    def __init__(self, subject: Subject, functions: Sequence[CodeItem]) -> None:
        self._subject = subject
        self.functions = tuple(found for found in functions if _can_be_mutated(found))
        self._count = 0
        self._units: dict[str, list[Unit]] = defaultdict(list)
        for found in self.functions:
            self._units[found.path] += self._units_of(found)
        for path in self._units:
            own = [found.item for found in self.functions if found.path == path]
            self._units[path] += [
                Unit(0, "", None, (Edit(0, 0, text),)) for text in type_changes(subject.head, path, own)
            ]

    @cached_property
    def _forbids_unsafe(self) -> bool:
        """Whether some crate forbids unsafe code, which nothing inside it can allow again."""
        head = self._subject.head
        manifests = (path for path in head.paths if is_manifest(path))
        return any(_FORBIDS.search(head.read(path)) for path in (*head.rust_paths, *manifests))

    def units(self, kind: str) -> tuple[Unit, ...]:
        """The units of one kind, all files together."""
        return tuple(unit for units in self._units.values() for unit in units if unit.kind == kind)

    def leave_out(self, guilty: Collection[Unit]) -> None:
        """Take units out."""
        for path, units in self._units.items():
            self._units[path] = [unit for unit in units if unit not in guilty]

    def written(self) -> dict[str, Written]:
        """The mutated files by path."""
        return {path: self._write(path, units) for path, units in self._units.items() if units}

    def _write(self, path: str, units: Sequence[Unit]) -> Written:
        source = self._subject.head.read(path)
        # Nested parts stay nested: what ends at a byte ends inside out, before anything starts there.
        texts: list[tuple[tuple[int, int, int, int], bytes, Unit]] = []
        for order, unit in enumerate(units):
            for edit in unit.edits if unit.function is not None else ():
                size = (edit.end - edit.start) or len(source)
                texts.append(((edit.start, 1, -size, order), edit.before.encode(), unit))
                if edit.after:
                    texts.append(((edit.end, 0, size, -order), edit.after.encode(), unit))
        out, done = bytearray(), 0
        places: dict[int, list[int]] = defaultdict(list)
        for (position, *_), text, unit in sorted(texts, key=lambda each: each[0]):
            out += source[done:position]
            places[id(unit)] += [len(out), len(out) + len(text)]
            out += text
            done = position
        out += source[done:]
        spans = [
            (min(found), max(found), unit) for unit in units if (found := places.get(id(unit))) is not None
        ]
        functions = tuple(
            (min(first for first, _, _ in own), max(last for _, last, _ in own), found)
            for found in self.functions
            if (own := [span for span in spans if span[2].function is found])
        )
        out += support(not self._forbids_unsafe)
        for unit in units:
            if unit.function is None:
                text = unit.edits[0].before.encode()
                spans.append((len(out), len(out) + len(text), unit))
                out += text
        out += b"}\n"
        spans.sort(key=lambda span: (span[0], -span[1]))
        return Written(bytes(out), tuple(spans), functions)

    def _units_of(self, found: CodeItem) -> Iterator[Unit]:
        body = found.item.body
        assert body is not None
        path = _module_prefix(found.item) + MODULE
        entry = _entry(body)
        yield Unit(0, ENTRY, found, (Edit(entry, entry, f" {path}::on('{ENTRY}', 0);"),))
        answers = list(_answers(body)) if found.item.return_type is not None else []
        if answers:
            yield self._value(VALUE, found, path, answers)
            if is_variant(found.item.return_type or ""):
                yield self._value(VARIANT, found, path, answers)
        if found.item.return_type is None:
            number = self._next()
            text = f" if {path}::on('{SKIP}', {number}) {{ return; }}"
            yield Unit(number, SKIP, found, (Edit(entry, entry, text),))
        yield from self._prints(found, path, body)
        yield from self._lesser(found, path, body)

    def _prints(self, found: CodeItem, path: str, body: Node) -> Iterator[Unit]:
        """What lines that the change wrote print for whoever reads the output of the program."""
        added = self._subject.change.files[found.path].added_lines
        for node in descend(body):
            name = node.child_by_field_name("macro") if node.type == "macro_invocation" else None
            if name is None or node_text(name) not in ("print", "println"):
                continue
            if node.start_point.row + 1 not in added:
                continue
            number = self._next()
            before = f"(if {path}::on('{PRINT}', {number}) {{ {node_text(name)}!(\"mutant\") }} else {{ "
            yield Unit(number, PRINT, found, (Edit(node.start_byte, node.end_byte, before, " })"),))

    def _value(self, kind: str, found: CodeItem, path: str, answers: Sequence[Node]) -> Unit:
        number, wanted = self._next(), found.item.return_type or ""
        typed = "" if "impl " in wanted or wanted == "!" else f": {wanted}"
        before = f"{{ let ironwright_value{typed} = "
        way = "way" if kind == VALUE else "turn"
        after = (
            f"; {{ use {path}::*; let ironwright_way = (&&&&&&Probe(&ironwright_value)).{way}(); {path}::"
            f"change('{kind}', {number}, ironwright_value, |value| ironwright_way.changed(value)) }} }}"
        )
        edits = tuple(Edit(node.start_byte, node.end_byte, before, after) for node in answers)
        return Unit(number, kind, found, edits)

    def _lesser(self, found: CodeItem, path: str, body: Node) -> Iterator[Unit]:
        """Turned conditions, other operators, other numbers, where the change wrote; none inside another."""
        added = self._subject.change.files[found.path].added_lines
        every = range(body.start_point.row + 1, body.end_point.row + 2)
        rows: Collection[int] = every if found.new or added.isdisjoint(every) else added
        taken: list[tuple[int, int]] = []
        count = 0
        for node in descend(body):
            if count >= _MOST_PLACES:
                return
            if node.start_point.row + 1 not in rows:
                continue
            made = _condition(node) or _operator(node) or _number(node)
            if made is None or any(start < node.end_byte and node.start_byte < end for start, end in taken):
                continue
            kind, target, before, after = made
            number = self._next()
            switch = f"{path}::on('{kind}', {number})"
            before, after = before.replace("ON", switch), after.replace("ON", switch)
            taken.append((target.start_byte, target.end_byte))
            count += 1
            yield Unit(number, kind, found, (Edit(target.start_byte, target.end_byte, before, after),))

    def _next(self) -> int:
        self._count += 1
        return self._count


def is_variant(answer: str) -> bool:
    """Whether a type says whether there is something, beside what it is: a test may look at the one alone."""
    return re.match(r"(?:[\w:]*::)?(?:\w*Result|Option|Poll)\b", answer) is not None


def _condition(node: Node) -> tuple[str, Node, str, str] | None:
    if node.type != "if_expression":
        return None
    condition = node.child_by_field_name("condition")
    if condition is None or condition.type in ("let_condition", "let_chain"):
        return None
    return CONDITION, condition, "(", ") ^ ON"


def _operator(node: Node) -> tuple[str, Node, str, str] | None:
    if node.type != "binary_expression":
        return None
    operator = node.child_by_field_name("operator")
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if operator is None or left is None or right is None or node_text(operator) not in _SWAPPED:
        return None
    other = f"({node_text(left)}) {_SWAPPED[node_text(operator)]} ({node_text(right)})"
    return OPERATOR, node, f"(if ON {{ {other} }} else {{ ", " })"


def _number(node: Node) -> tuple[str, Node, str, str] | None:
    if node.type != "integer_literal" or _is_constant(node):
        return None
    if node.parent is not None and node.parent.type == "field_expression":
        return None  # `.0` is a name
    return NUMBER, node, "(", " + if ON { 1 } else { 0 })"


def _is_constant(node: Node) -> bool:
    current = node.parent
    while current is not None and current.type != "block":
        if current.type in _NO_NUMBERS:
            return True
        current = current.parent
    return False


def _answers(body: Node) -> Iterator[Node]:
    """The expressions whose values a function answers with."""
    named = [child for child in body.children if child.is_named and "comment" not in child.type]
    if named:
        last = named[-1]
        if last.type == "expression_statement" and not node_text(last).endswith(";"):
            yield last.named_children[0]
        elif not last.type.endswith(("_statement", "_declaration", "_item", "_definition")):
            yield last
    stack = list(body.children)
    while stack:
        node = stack.pop()
        if node.type in _ELSEWHERE:
            continue
        if node.type == "return_expression" and node.named_children:
            yield node.named_children[-1]
        stack.extend(node.children)


def _can_be_mutated(found: CodeItem) -> bool:
    """Not what runs while something is compiled, and not what has no entry of its own."""
    if "const" in found.item.modifiers or PurePosixPath(found.path).name == "build.rs":
        return False
    names = {attribute_name(text).rsplit("::", 1)[-1] for text in found.item.attributes}
    return not any(name in _NOT_MUTATED or name.startswith("proc_macro") for name in names)


def _module_prefix(item: Item) -> str:
    """From a function's module to the top of its file."""
    depth, current = 0, item.parent
    while current is not None:
        depth += current.kind == "mod"
        current = current.parent
    return "super::" * depth if depth else "self::"


def _entry(body: Node) -> int:
    """Behind the opening brace and the inner attributes and documentation, which must stay first."""
    ends = [
        child.end_byte
        for child in body.children
        if child.type == "inner_attribute_item"
        or (child.type == "line_comment" and node_text(child).startswith("//!"))
    ]
    return max(ends, default=body.start_byte + 1)
