"""The shape of declared items: what of a signature, a type's fields or an enum's variants others rely on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from ironwright.gates.rust.items import Item, children_of, node_text
from ironwright.gates.rust.tokens import tokens_of

_NAME = re.compile(r"(?:r#)?[^\W\d]\w*")
_NO_SPACE = re.compile(r"(?<=[^\w,;:=>]) | (?=[^\w&'*=-])")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a declaration promises.

    Attributes:
        kind: The item's kind.
        name: Its name; a method's with its type's or trait's (``Cache::get``).
        line: 1-based line in its text.
        visibility: As written; empty where private or inherited.
        head: The rest of what is said once: parameters and result of a function, an alias's or constant's
            type, a trait's bounds; paths are left out before names, so that imports do not matter.
        parts: A type's fields, an enum's variants, by name, with what they hold and a field's visibility.
    """

    kind: str
    name: str
    line: int
    visibility: str
    head: str
    parts: Mapping[str, str] = field(default_factory=dict)


def shapes_of(items: Iterable[Item]) -> Iterator[Shape]:
    """The shapes of some items, those inside functions and tests left out, in order."""
    for item in items:
        if item.in_test or item.is_nested:
            continue
        if item.kind == "function":
            yield _function(item)
        elif item.kind in ("struct", "union"):
            yield Shape(item.kind, item.name, item.line, item.visibility, _generics(item), _fields(item.body))
        elif item.kind == "enum":
            yield Shape(
                item.kind, item.name, item.line, item.visibility, _generics(item), _variants(item.body)
            )
        elif item.kind == "trait":
            bounds = item.node.child_by_field_name("bounds")
            head = _generics(item) + (_plain(bounds) if bounds is not None else "")
            yield Shape(item.kind, item.name, item.line, item.visibility, head)
        elif item.kind in ("type", "const", "static") and not _in_implementation(item):
            kind = item.node.child_by_field_name("type")
            text = _plain(kind) if kind is not None else ""
            yield Shape(item.kind, item.name, item.line, item.visibility, text)


def _in_implementation(item: Item) -> bool:
    return item.parent is not None and item.parent.kind in ("impl", "trait")


def _function(item: Item) -> Shape:
    parent, owner = item.parent, ""
    if parent is not None and parent.kind == "trait":
        owner = parent.name + "::"
    elif parent is not None and parent.kind == "impl":
        target = parent.node.child_by_field_name("type")
        names = _NAME.findall(_plain(target)) if target is not None else []
        implemented = parent.node.child_by_field_name("trait")
        owner = (names[0] if names else "") + "::"
        if implemented is not None:
            owner = f"<{_plain(implemented)}>::{owner}"
    return Shape("function", owner + item.name, item.line, item.visibility, _signature(item))


def _signature(item: Item) -> str:
    words = sorted(item.modifiers & {"async", "const", "unsafe"})
    listed = item.node.child_by_field_name("parameters")
    kinds = []
    for child in listed.named_children if listed is not None else ():
        if child.type == "self_parameter":
            # `mut self` is the body's own business.
            kinds.append(_plain(child).removeprefix("mut "))
        elif child.type == "parameter":
            kind = child.child_by_field_name("type")
            kinds.append(_plain(kind) if kind is not None else "")
    result = item.node.child_by_field_name("return_type")
    answer = _plain(result) if result is not None else "()"
    return " ".join([*words, f"fn{_generics(item)}({', '.join(kinds)}) -> {answer}"])


def _generics(item: Item) -> str:
    """Type parameters with their bounds, wherever these are written."""
    given = item.node.child_by_field_name("type_parameters")
    where = children_of(item.node, "where_clause")
    return (_plain(given) if given is not None else "") + "".join(f" {_plain(node)}" for node in where)


def _fields(body: Node | None) -> dict[str, str]:
    found: dict[str, str] = {}
    if body is None:
        return found
    visibility, position = "", 0
    for child in body.named_children:
        if child.type == "visibility_modifier":
            visibility = _plain(child)
        elif child.type == "field_declaration":
            name, kind = child.child_by_field_name("name"), child.child_by_field_name("type")
            seen = "".join(f"{_plain(node)} " for node in children_of(child, "visibility_modifier"))
            if name is not None and kind is not None:
                found[node_text(name)] = f"{seen}{_plain(kind)}"
        elif child.type not in ("attribute_item", "line_comment", "block_comment"):
            found[str(position)] = f"{visibility} {_plain(child)}".strip()
            visibility, position = "", position + 1
    return found


def _variants(body: Node | None) -> dict[str, str]:
    found = {}
    for variant in children_of(body, "enum_variant") if body is not None else ():
        name, held = variant.child_by_field_name("name"), variant.child_by_field_name("body")
        if name is not None:
            parts = _fields(held)
            found[node_text(name)] = ", ".join(
                kind if key.isdigit() else f"{key}: {kind}" for key, kind in parts.items()
            )
    return found


def _plain(node: Node) -> str:
    """A type as text: one space between words, no path before a name, no trailing comma, no attributes."""
    texts = [token.text for token in tokens_of(node)]
    kept: list[str] = []
    position = 0
    while position < len(texts):
        if (
            _NAME.fullmatch(texts[position])
            and texts[position + 1 : position + 3] == [":", ":"]
            and position + 3 < len(texts)
            and _NAME.fullmatch(texts[position + 3])
            and texts[position] != "Self"
        ):
            position += 3
            continue
        if texts[position] == "," and texts[position + 1 : position + 2] in ([">"], [")"], ["]"], ["}"]):
            position += 1
            continue
        kept.append(texts[position])
        position += 1
    return _NO_SPACE.sub("", " ".join(kept)).strip()
