"""What an item of a Rust file is: its name, place, attributes, documentation, signature and test code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from ironwright.gates.rust.attributes import is_harness_attribute


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function: the pattern and the type as written."""

    pattern: str
    type: str


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One item of a file.

    Attributes:
        kind: ``function``, ``struct``, ``enum``, ``union``, ``trait``, ``impl``, ``mod``, ``const``,
            ``static``, ``type``, ``use``, ``extern_crate``, ``extern_block``, ``macro`` or ``macro_call``.
        name: Its name; for an impl ``Trait for Type`` or ``Type``; for a macro call the macro's path.
        parent: The item that encloses it, or None at the top of the file.
        attributes: The outer attributes without ``#[ ]``, in order.
        doc: The documentation's text without comment marks, or None where there is none.
        visibility: As written (``pub``, ``pub(crate)``), empty where private.
        start_byte: Where it starts, with its attributes and documentation.
        end_byte: Where it ends (exclusive).
        start_line: 1-based line of ``start_byte``.
        line: 1-based line where the item itself starts, after attributes and documentation.
        end_line: 1-based line of its last byte.
        in_test: Whether it exists in test builds only, by an attribute of its own or of what encloses it.
        node: The syntax node, without attributes and documentation.
    """

    kind: str
    name: str
    parent: Item | None
    attributes: tuple[str, ...]
    doc: str | None
    visibility: str
    start_byte: int
    end_byte: int
    start_line: int
    line: int
    end_line: int
    in_test: bool
    node: Node = field(repr=False)

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the enclosing items from the outside in, and its own."""
        return (*(self.parent.path if self.parent else ()), self.name)

    @property
    def qualified_name(self) -> str:
        """The path joined by ``::``."""
        return "::".join(self.path)

    @property
    def lines(self) -> range:
        """All lines of the item, with attributes and documentation."""
        return range(self.start_line, self.end_line + 1)

    @property
    def is_test(self) -> bool:
        """Whether a harness runs it: a function with an attribute such as ``#[test]``."""
        return self.kind == "function" and any(is_harness_attribute(text) for text in self.attributes)

    @property
    def body(self) -> Node | None:
        """The node of its body; None for a declaration such as ``mod x;``."""
        return self.node.child_by_field_name("body")

    @property
    def signature(self) -> str:
        """The item without its body, white space folded."""
        body = self.body
        raw = self.node.text or b""
        if body is not None:
            raw = raw[: body.start_byte - self.node.start_byte]
        return " ".join(raw.decode("utf-8", "replace").split())

    @property
    def modifiers(self) -> frozenset[str]:
        """The words before ``fn``, such as ``async``, ``const``, ``unsafe``, ``extern``."""
        found = children_of(self.node, "function_modifiers")
        return frozenset(word for node in found for word in node_text(node).split())

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """A function's parameters without ``self``."""
        listed = self.node.child_by_field_name("parameters")
        if listed is None:
            return ()
        result = []
        for node in children_of(listed, "parameter"):
            pattern, kind = node.child_by_field_name("pattern"), node.child_by_field_name("type")
            if pattern is None or kind is None or node_text(pattern) == "self":
                continue
            result.append(Parameter(node_text(pattern), node_text(kind)))
        return tuple(result)

    @property
    def return_type(self) -> str | None:
        """A function's return type as written; None where it returns nothing (also ``-> ()``)."""
        node = self.node.child_by_field_name("return_type")
        text = node_text(node) if node is not None else ""
        return text if text and text != "()" else None

    @property
    def is_nested(self) -> bool:
        """Whether it stands inside a function's body."""
        return self.parent is not None and (self.parent.kind == "function" or self.parent.is_nested)

    @property
    def in_trait_impl(self) -> bool:
        """Whether it is a member of an ``impl Trait for Type``."""
        parent = self.parent
        return (
            parent is not None
            and parent.kind == "impl"
            and parent.node.child_by_field_name("trait") is not None
        )

    @property
    def is_public(self) -> bool:
        """Whether it is written ``pub`` (a trait's member where the trait is); no claim about re-exports."""
        if self.parent is not None and self.parent.kind == "trait":
            return self.parent.is_public
        return self.visibility == "pub"


def node_text(node: Node) -> str:
    """A node's text; bytes that are no UTF-8 become U+FFFD."""
    return (node.text or b"").decode("utf-8", "replace")


def descend(node: Node) -> Iterator[Node]:
    """The node and everything below it, in the order of the file; any depth will do."""
    cursor = node.walk()
    while True:
        current = cursor.node
        if current is not None:
            yield current
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return


def children_of(node: Node, kind: str) -> list[Node]:
    """The direct children of one kind, in order."""
    return [child for child in node.children if child.type == kind]
