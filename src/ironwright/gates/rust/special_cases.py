"""Finds the inputs for which a function answers with a constant: arms, guard clauses and rows of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from ironwright.gates.rust.assertions import LITERALS
from ironwright.gates.rust.items import Item, descend, node_text

_SUFFIX: Final = re.compile(r"(?<=[0-9a-f.])_?(?:[iu](?:8|16|32|64|128|size)|f32|f64)$")
# What may stand around a literal without making an answer of more than the literal.
_WRAPPING: Final = re.compile(
    r"^(?:Some|Ok|Box::new|String::from|Cow::(?:Borrowed|Owned|from)|to_string|to_owned|into|Vec::from|[A-Z]\w*)$"
)
_COMPUTES: Final = frozenset(
    {
        "binary_expression",
        "for_expression",
        "while_expression",
        "loop_expression",
        "closure_expression",
        "try_expression",
        "index_expression",
        "compound_assignment_expr",
    }
)


@dataclass(frozen=True, slots=True)
class SpecialCase:
    """An input that is compared with constants, and the constant that is answered for it.

    Attributes:
        line: 1-based line.
        keys: The literals that the input is compared with.
        answers: The literals of the answer; empty where they are trivial.
    """

    line: int
    keys: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpecialCases:
    """What a function answers by constants.

    Attributes:
        cases: Its special cases.
        computes: Whether it answers anything else by computing it, for other inputs.
    """

    cases: tuple[SpecialCase, ...]
    computes: bool


def find_special_cases(function: Item, tables: dict[str, Node]) -> SpecialCases:
    """The special cases of a function.

    Args:
        function: A function with a body.
        tables: The values of constants and statics that it may look something up in, by their names.
    """
    body = function.body
    assert body is not None
    cases: list[SpecialCase] = []
    inside: list[tuple[int, int]] = []
    for node in descend(body):
        if node.type == "match_arm":
            found = _arm(node)
        elif node.type == "if_expression":
            found = _guard(node)
        else:
            continue
        if found is not None:
            cases.append(found)
            inside.append((node.start_byte, node.end_byte))
    computes = any(
        node.type in _COMPUTES
        and not any(start <= node.start_byte < end for start, end in inside)
        and not _is_lookup(node, tables)
        for node in descend(body)
    )
    text = node_text(body)
    if "==" in text:
        for name, value in tables.items():
            if re.search(rf"\b{name}\b", text):
                cases += _rows(value)
    if ".get(" in text or "==" in text:
        for node in descend(body):
            if node.type == "array_expression":
                cases += _rows(node)
    return SpecialCases(tuple(cases), computes)


def plain_literal(text: str) -> str:
    """A literal in one form: no underscores or suffix in numbers, no prefix before strings."""
    if text[:1].isdigit():
        text = _SUFFIX.sub("", text.replace("_", "").lower())
        try:
            return str(int(text, 0))
        except ValueError:
            try:
                return repr(float(text))
            except ValueError:
                return text
    return re.sub(r'^(?:b|c|br|r|cr)?#*"(.*)"#*$', r'"\1"', text, flags=re.DOTALL)


def literals_below(node: Node) -> list[str]:
    """The literals below a node, each in one form."""
    return [plain_literal(node_text(found)) for found in descend(node) if found.type in LITERALS]


def is_trivial(literal: str) -> bool:
    """Whether a literal is so common that its being in two places says nothing."""
    if literal.startswith('"'):
        return len(literal) <= 3
    if literal.startswith("'") or literal.startswith("b'"):
        return True
    try:
        return abs(float(literal)) <= 10 and float(literal).is_integer()
    except ValueError:
        return True  # true, false


def _arm(arm: Node) -> SpecialCase | None:
    pattern, value = arm.child_by_field_name("pattern"), arm.child_by_field_name("value")
    if pattern is None or value is None:
        return None
    if any(node.type in ("or_pattern", "range_pattern") for node in descend(pattern)):
        return None  # a class of inputs
    return _case(arm.start_point.row + 1, literals_below(pattern), value)


def _guard(node: Node) -> SpecialCase | None:
    condition, value = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    if condition is None or value is None:
        return None
    keys: list[str] = []
    for part in descend(condition):
        if part.type != "binary_expression":
            continue
        operator = part.child_by_field_name("operator")
        kind = node_text(operator) if operator is not None else ""
        if kind not in ("==", "&&"):
            return None
        if kind == "==":
            left, right = part.child_by_field_name("left"), part.child_by_field_name("right")
            for side in (left, right):
                if side is not None and _is_constant(side):
                    keys += literals_below(side)
    named = [child for child in value.children if child.is_named and "comment" not in child.type]
    if len(named) != 1 or not keys:
        return None
    answer = named[0]
    if answer.type == "expression_statement" and answer.named_children:
        answer = answer.named_children[0]
    if answer.type == "return_expression" and answer.named_children:
        answer = answer.named_children[-1]
    return _case(node.start_point.row + 1, keys, answer)


def _rows(table: Node) -> Iterator[SpecialCase]:
    for node in descend(table):
        if node.type == "tuple_expression" and len(node.named_children) >= 2 and _is_constant(node):
            parts = node.named_children
            found = _case(
                node.start_point.row + 1,
                [lit for part in parts[:-1] for lit in literals_below(part)],
                parts[-1],
            )
            if found is not None:
                yield found


def _case(line: int, keys: list[str], value: Node) -> SpecialCase | None:
    if not keys or not _is_constant(value):
        return None
    # What is handed back as it came is no answer.
    answers = [lit for lit in literals_below(value) if not is_trivial(lit) and lit not in keys]
    return SpecialCase(line, tuple(keys), tuple(answers))


def _is_constant(node: Node) -> bool:
    """Whether an expression is literals and what wraps them."""
    found = False
    for part in descend(node):
        if part.type in LITERALS:
            found = True
        elif part.type in ("identifier", "type_identifier", "field_identifier"):
            if part.parent is not None and part.parent.type == "scoped_identifier":
                continue
            if not _WRAPPING.match(node_text(part)) and node_text(part) not in ("vec", "String", "Cow"):
                return False
        elif part.type in _COMPUTES or part.type in ("match_expression", "if_expression"):
            return False
    return found


def _is_lookup(node: Node, tables: dict[str, Node]) -> bool:
    """Whether a computation only looks for its row in a table."""
    current: Node | None = node
    while current is not None and current.type not in ("block", "function_item"):
        if current.type == "call_expression" and any(
            re.search(rf"\b{name}\b", node_text(current)) for name in tables
        ):
            return True
        current = current.parent
    return False
