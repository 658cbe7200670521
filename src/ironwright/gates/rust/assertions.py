"""Reads what a test asserts: each assertion, how much it demands, and what it depends on to be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from tree_sitter import Node

from ironwright.gates.rust.attributes import argument_text, attribute_name
from ironwright.gates.rust.expressions import Use, token_arguments, tokens_text, uses
from ironwright.gates.rust.items import children_of, node_text
from ironwright.gates.rust.tests import is_asserting_call, is_asserting_macro, tautology


class Demand(IntEnum):
    """How much an assertion demands of what it looks at, from nothing upwards."""

    NOTHING = 0
    SOME_VALUE = 1
    PART = 2
    EXACT = 3


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion, or one of the conditions that it joins with ``&&``.

    Attributes:
        text: What it says in one layout, without its message.
        demand: How much it demands.
        subjects: The sides that are no literals: what it looks at.
        words: Its identifiers and literals.
        literals: Its literals.
        bound: For a comparison or a tolerance: the direction (``<`` or ``>``) and the number; else None.
        line: 1-based.
        guards: What must hold for it to be reached, in words; empty where it always is.
    """

    text: str
    demand: Demand
    subjects: frozenset[str]
    words: frozenset[str]
    literals: frozenset[str]
    bound: tuple[str, float] | None
    line: int
    guards: tuple[str, ...]


LITERALS: Final = frozenset(
    {
        "integer_literal",
        "float_literal",
        "string_literal",
        "boolean_literal",
        "char_literal",
        "raw_string_literal",
        "true",
        "false",
    }
)
_APPROXIMATE: Final = re.compile(
    r"approx|relative|abs_diff|ulps|delta|close|float|near|almost", re.IGNORECASE
)
_TOLERANCE: Final = re.compile(
    r"\b(?:epsilon|max_relative|max_ulps|abs|rel|tol\w*|delta|margin)\s*<?=\s*(-?[\d.][\d._eE+-]*)"
)
_SOME_VALUE: Final = re.compile(
    r"\. (?:is_(?:ok|err|some|none)) \( \)$|^! .*\. is_empty \( \)$|\. (?:len|count) \( \) (?:> 0|>= 1|!= 0)$"
)
_PART: Final = re.compile(
    r"\. (?:contains|contains_key|starts_with|ends_with|any|is_some_and|is_ok_and|is_none_or)\b(?: ::|) ?\("
)
_ORDER: Final = ("<=", ">=", "<", ">")
_CHAIN: Final = frozenset({"call_expression", "field_expression", "await_expression", "try_expression"})
_STATEMENT_PARENTS: Final = frozenset({"block", "source_file", "declaration_list"})


def read_assertions(body: Node) -> list[Assertion]:
    """Every assertion below a node, in order; nested functions that nothing calls are guarded by that."""
    found: list[Assertion] = []
    statements: set[int] = set()
    for use in uses(body):
        if use.kind == "macro" and is_asserting_macro(use.name) and use.arguments is not None:
            guards = tuple(_guards(use.node, body))
            found.extend(_macro(use, guards))
        elif use.kind != "macro" and is_asserting_call(use.name):
            statement = _statement(use)
            if statement is not None and statement.start_byte not in statements:
                statements.add(statement.start_byte)
                tokens = list(_leaves(statement))
                found.append(_made(tokens, Demand.EXACT, use.line, tuple(_guards(use.node, body))))
    return found


def _statement(use: Use) -> Node | None:
    """The call that is a statement of its own and holds this one in its chain; None where there is none."""
    node = use.node
    if use.in_macro:
        before = node.prev_sibling
        return use.arguments if before is None or node_text(before) in ("{", ";", "}") else None
    while (parent := node.parent) is not None and parent.type in _CHAIN:
        node = parent
    return node if parent is not None and parent.type in ("expression_statement", "block") else None


def leaf_texts(node: Node) -> list[str]:
    """The tokens below a node as text, comments left out."""
    return [text for _kind, text in _leaves(node)]


def literal_texts(node: Node) -> list[str]:
    """The literals below a node."""
    return [text for kind, text in _leaves(node) if kind in LITERALS]


def identifiers(node: Node) -> set[str]:
    """The names below a node, of variables, functions, fields, types and macros alike."""
    return {text for kind, text in _leaves(node) if kind.endswith("identifier") or kind == "identifier"}


def _leaves(node: Node) -> Iterator[tuple[str, str]]:
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type in ("line_comment", "block_comment"):
            continue
        if current.type in LITERALS or not current.children:
            if text := node_text(current).strip():
                # `10_000` and `10000` are one number.
                number = current.type in ("integer_literal", "float_literal")
                yield current.type, text.replace("_", "").lower() if number else text
            continue
        stack.extend(reversed(current.children))


def _macro(use: Use, guards: tuple[str, ...]) -> Iterator[Assertion]:
    assert use.arguments is not None
    arguments = token_arguments(use.arguments)
    base = use.name.removeprefix("debug_").removeprefix("prop_")
    empty = tautology(use, "") is not None
    if base == "assert" and arguments:
        for part in _conjuncts(arguments[0]):
            demand, bound = _condition(part)
            yield _made(_flat(part), Demand.NOTHING if empty else demand, use.line, guards, bound, part)
        return
    demand, bound = Demand.EXACT, None
    compared = arguments[:2]
    if base in ("assert_ne",):
        demand = Demand.SOME_VALUE
    elif base in ("panic", "unreachable", "bail", "fail"):
        demand, compared = Demand.SOME_VALUE, []
    elif base in ("assert_matches", "matches"):
        demand = _pattern_demand(arguments[1:])
    elif _APPROXIMATE.search(base):
        demand = Demand.PART
        rest = " ".join(tokens_text(argument) for argument in arguments[2:]).replace("- ", "-")
        number = _TOLERANCE.search(rest) or re.search(r"^(-?[\d.][\d._eE+-]*)", rest)
        bound = ("<", _number(number[1])) if number else None
    elif not base.endswith("eq"):
        compared = arguments
    tokens = [token for argument in compared for token in _flat(argument)]
    sides = [tokens_text(argument) for argument in compared]
    made = _made(tokens, Demand.NOTHING if empty else demand, use.line, guards, bound)
    subjects = frozenset(
        side for side, argument in zip(sides, compared, strict=True) if not _is_literal(argument)
    )
    text = f"{base} ( " + " , ".join(sides) + (f" ± {bound[1]:g} )" if bound else " )")
    yield Assertion(text, made.demand, subjects, made.words, made.literals, bound, use.line, guards)


def _made(
    tokens: list[tuple[str, str]],
    demand: Demand,
    line: int,
    guards: tuple[str, ...],
    bound: tuple[str, float] | None = None,
    condition: list[Node] | None = None,
) -> Assertion:
    subjects = _sides(condition) if condition is not None else frozenset()
    words = frozenset(t for kind, t in tokens if kind in LITERALS or kind.endswith("identifier"))
    literals = frozenset(text for kind, text in tokens if kind in LITERALS)
    text = " ".join(text for _kind, text in tokens)
    return Assertion(text, demand, subjects, words, literals, bound, line, guards)


def _flat(nodes: list[Node]) -> list[tuple[str, str]]:
    return [leaf for node in nodes for leaf in _leaves(node)]


def _is_literal(argument: list[Node]) -> bool:
    return all(token.type in LITERALS or token.type in ("-", "&") for token in argument)


def _conjuncts(tokens: list[Node]) -> list[list[Node]]:
    if any(token.type == "||" for token in tokens):
        return [tokens]
    parts: list[list[Node]] = [[]]
    for token in tokens:
        if token.type == "&&":
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _operator(tokens: list[Node]) -> int | None:
    """Where a condition's own comparison stands; angle brackets of types are none."""
    for position, token in enumerate(tokens):
        if token.type in ("==", "!=", *_ORDER) and 0 < position < len(tokens) - 1:
            if token.type in ("<", ">") and tokens[position - 1].type in ("::", "type_identifier"):
                continue
            return position
    return None


def _sides(tokens: list[Node]) -> frozenset[str]:
    where = _operator(tokens)
    if where is None:
        text = tokens_text(tokens).removeprefix("! ")
        return frozenset({re.sub(r"\. is_\w+ \( \)$", "", text).strip()})
    sides = (tokens[:where], tokens[where + 1 :])
    return frozenset(tokens_text(side) for side in sides if not _is_literal(side))


def _condition(tokens: list[Node]) -> tuple[Demand, tuple[str, float] | None]:
    text = " ".join(text for _kind, text in _flat(tokens))
    if any(token.type == "||" for token in tokens):
        return Demand.PART, None
    if tokens and node_text(tokens[0]) == "matches" and len(tokens) == 3:
        return _pattern_demand(token_arguments(tokens[2])[1:]), None
    if _SOME_VALUE.search(text):
        return Demand.SOME_VALUE, None
    where = _operator(tokens)
    if where is not None and tokens[where].type != "==":
        if tokens[where].type == "!=":
            return Demand.SOME_VALUE, None
        return _order(tokens, where)
    if where is None and _PART.search(text):
        return Demand.PART, None
    return Demand.EXACT, None


def _order(tokens: list[Node], where: int) -> tuple[Demand, tuple[str, float] | None]:
    sign = tokens[where].type[0]
    for side, direction in ((tokens[where + 1 :], sign), (tokens[:where], "<" if sign == ">" else ">")):
        text = tokens_text(side).replace(" ", "")
        if re.fullmatch(r"-?[\d.][\w.+-]*", text):
            return Demand.PART, (direction, _number(text))
    return Demand.PART, None


def _pattern_demand(patterns: list[list[Node]]) -> Demand:
    texts = {text for pattern in patterns for _kind, text in _flat(pattern)}
    return Demand.PART if texts & {"_", ".."} else Demand.EXACT


def _number(text: str) -> float:
    """A Rust number's value; NaN where it is none that Python reads."""
    plain = re.sub(r"_?(?:[iu](?:8|16|32|64|128|size)|f32|f64)$", "", text).replace("_", "")
    try:
        return float(plain)
    except ValueError:
        return float("nan")


def _guards(node: Node, body: Node) -> Iterator[str]:
    """What keeps a node from being reached whenever the body runs."""
    current = node
    while current != body and (parent := current.parent) is not None:
        yield from _before(current, parent)
        if parent.type == "if_expression" and current == parent.child_by_field_name("consequence"):
            if not _fails_itself(parent.child_by_field_name("alternative")):
                yield f"if {_shown(parent.child_by_field_name('condition'))}"
        elif parent.type == "else_clause" and parent.parent is not None:
            if not _fails_itself(parent.parent.child_by_field_name("consequence")):
                yield f"if not {_shown(parent.parent.child_by_field_name('condition'))}"
        elif parent.type == "match_arm" and parent.parent is not None:
            others = [arm for arm in children_of(parent.parent, "match_arm") if arm != parent]
            if not all(_fails_itself(arm) for arm in others):
                yield f"for {_shown(parent.child_by_field_name('pattern'))}"
        elif parent.type == "while_expression" and current == parent.child_by_field_name("body"):
            yield f"while {_shown(parent.child_by_field_name('condition'))}"
        elif parent.type == "call_expression" and _called(parent) == "catch_unwind":
            yield "where a panic is caught"
        elif parent.type == "call_expression" and _called(parent) == "spawn" and not _is_waited_for(body):
            yield "on a thread that nothing waits for"
        elif parent.type == "let_declaration" and current.type == "closure_expression":
            variable = node_text(parent.child_by_field_name("pattern") or parent)
            if sum(text == variable for text in leaf_texts(body)) < 2:
                yield f"in the closure `{variable}`, which is not called"
        elif parent.type == "function_item" and parent != body.parent:
            name = parent.child_by_field_name("name")
            if name is not None and not any(use.name == node_text(name) for use in uses(body)):
                yield f"in `{node_text(name)}`, which is not called"
        current = parent


def _before(statement: Node, parent: Node) -> Iterator[str]:
    """What stands before a statement in its block and leaves the function, or switches the statement off."""
    if parent.type not in _STATEMENT_PARENTS:
        return
    attributes: list[str] = []
    for sibling in parent.children:
        if sibling.start_byte >= statement.start_byte:
            break
        if sibling.type == "attribute_item":
            attributes.append(" ".join(node_text(sibling).split())[2:-1].strip())
            continue
        if "comment" not in sibling.type:
            attributes.clear()
        if _leaves_function(sibling):
            yield f"behind `{_shown(sibling)}`"
    for text in attributes:
        if attribute_name(text) == "cfg":
            yield f"under cfg({argument_text(text)})"


def _leaves_function(node: Node) -> bool:
    """Whether a statement may return or end the process; what closures and nested functions do is theirs."""
    if any(use.path.endswith(("process::exit", "process::abort")) for use in uses(node)):
        return True
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type == "return_expression":
            return True
        if current.type not in ("closure_expression", "function_item", "async_block"):
            stack.extend(current.children)
    return False


def _fails_itself(node: Node | None) -> bool:
    """Whether a branch holds an assertion of its own, or a panic."""
    if node is None:
        return False
    return any(
        (use.kind == "macro" and is_asserting_macro(use.name)) or use.name in ("unwrap", "expect")
        for use in uses(node)
    )


def _is_waited_for(body: Node) -> bool:
    return any(word in ("join", "await", "scope", "block_on") for word in leaf_texts(body))


def _called(call: Node) -> str:
    called = call.child_by_field_name("function")
    return node_text(called).rsplit("::", 1)[-1] if called is not None else ""


def _shown(node: Node | None, limit: int = 60) -> str:
    text = " ".join(node_text(node).split()) if node is not None else "…"
    return text if len(text) <= limit else text[: limit - 1] + "…"
