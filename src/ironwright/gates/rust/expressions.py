"""Finds what code uses: macro calls, method calls and function calls, also inside the arguments of macros."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tree_sitter import Node

from ironwright.gates.rust.items import node_text

UseKind = Literal["macro", "method", "function"]

# What may panic by its own words; `debug_assert` is left out, it is gone from release builds.
PANICKING_MACROS = frozenset({"panic", "unreachable", "todo", "unimplemented"})
ASSERTING_MACROS = frozenset({"assert", "assert_eq", "assert_ne"})
PANICKING_METHODS = frozenset({"unwrap", "expect", "unwrap_err", "expect_err"})
_TURBOFISH = re.compile(r"::\s*<.*>\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Use:
    """One call.

    Attributes:
        kind: ``macro``, ``method`` or ``function``.
        name: The last part of what is called, without ``!``.
        path: All of it as written, without white space; for a method its name.
        line: 1-based line of the name.
        node: The node that stands for the call.
        arguments: The node that holds the arguments (a token tree inside of macros), or None.
        in_macro: Whether it was found among a macro's tokens, where only the compiler knows its meaning.
    """

    kind: UseKind
    name: str
    path: str
    line: int
    node: Node = field(repr=False)
    arguments: Node | None = field(repr=False)
    in_macro: bool = False


def uses(node: Node, *, into_functions: bool = True) -> Iterator[Use]:
    """Every call below a node, in the order of the file.

    Args:
        node: Where to look.
        into_functions: Whether functions nested in it are looked into; closures always are.
    """
    stack = [node]
    while stack:
        current = stack.pop()
        if current is not node and current.type == "function_item" and not into_functions:
            continue
        if current.type == "macro_invocation":
            yield from _macro(current)
        elif current.type == "call_expression":
            yield from _call(current)
        elif current.type == "token_tree":
            yield from _tokens(current)
        stack.extend(reversed(current.children))


def token_arguments(tree: Node) -> list[list[Node]]:
    """A token tree's tokens, split at its commas, comments left out; a trailing comma adds nothing."""
    arguments: list[list[Node]] = [[]]
    for child in tree.children[1:-1]:
        if child.type in ("line_comment", "block_comment"):
            continue
        if child.type == ",":
            arguments.append([])
        else:
            arguments[-1].append(child)
    while arguments and not arguments[-1]:
        arguments.pop()
    return arguments


def tokens_text(tokens: list[Node]) -> str:
    """Tokens as text with one space between them: equal for code that differs in layout only."""
    return " ".join(" ".join(node_text(token).split()) for token in tokens)


def may_panic(body: Node) -> Use | None:
    """The first call in a body that panics by its own words, an assertion included; None where none is."""
    for use in uses(body, into_functions=False):
        if use.kind == "macro" and use.name in PANICKING_MACROS | ASSERTING_MACROS:
            return use
        if use.kind == "method" and use.name in PANICKING_METHODS:
            return use
    return None


def _macro(node: Node) -> Iterator[Use]:
    called = node.child_by_field_name("macro")
    if called is None:
        return
    path = "".join(node_text(called).split())
    arguments = next((child for child in node.children if child.type == "token_tree"), None)
    yield Use("macro", path.rsplit("::", 1)[-1], path, called.start_point.row + 1, node, arguments)


def _call(node: Node) -> Iterator[Use]:
    called = node.child_by_field_name("function")
    if called is not None and called.type == "generic_function":
        called = called.child_by_field_name("function")
    if called is None:
        return
    arguments = node.child_by_field_name("arguments")
    if called.type == "field_expression":
        name = called.child_by_field_name("field")
        if name is not None:
            text = node_text(name)
            yield Use("method", text, text, name.start_point.row + 1, node, arguments)
    elif called.type in ("identifier", "scoped_identifier"):
        path = _TURBOFISH.sub("", "".join(node_text(called).split()))
        yield Use("function", path.rsplit("::", 1)[-1], path, called.end_point.row + 1, node, arguments)


def _tokens(tree: Node) -> Iterator[Use]:
    """Calls among a macro's tokens: ``name!(…)``, ``.name(…)`` and ``name(…)``."""
    tokens = tree.children
    for position, token in enumerate(tokens):
        if token.type != "identifier":
            continue
        text, line = node_text(token), token.start_point.row + 1
        following = tokens[position + 1 : position + 3]
        kinds = [found.type for found in following]
        if kinds == ["!", "token_tree"]:
            yield Use("macro", text, text, line, token, following[1], in_macro=True)
        elif kinds[:1] == ["token_tree"] and (following[0].text or b"").startswith(b"("):
            kind: UseKind = "method" if position and tokens[position - 1].type == "." else "function"
            yield Use(kind, text, text, line, token, following[0], in_macro=True)
