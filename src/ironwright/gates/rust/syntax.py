"""Reads one Rust file: its items with attributes, documentation and spans, its test code, its comments.

The parser is tree-sitter's error-tolerant one. Where it finds no sense in a part of a file, the file says so
(``error_lines``); who judges must then answer UNKNOWN, for only the compiler knows whether the part is wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from functools import cached_property

import tree_sitter_rust
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from ironwright.gates.rust.attributes import is_harness_attribute, requires_test
from ironwright.gates.rust.comments import Comment, read_comment
from ironwright.gates.rust.items import Item, children_of, node_text

LANGUAGE = Language(tree_sitter_rust.language())

_KINDS = {
    "function_item": "function",
    "function_signature_item": "function",
    "struct_item": "struct",
    "enum_item": "enum",
    "union_item": "union",
    "trait_item": "trait",
    "impl_item": "impl",
    "mod_item": "mod",
    "const_item": "const",
    "static_item": "static",
    "type_item": "type",
    "associated_type": "type",
    "use_declaration": "use",
    "extern_crate_declaration": "extern_crate",
    "foreign_mod_item": "extern_block",
    "macro_definition": "macro",
    "macro_invocation": "macro_call",
}
# Macro calls count as items only where items stand; in expressions they are left to whoever reads bodies.
_QUERY = Query(
    LANGUAGE,
    "".join(f"({kind}) @item\n" for kind in _KINDS if kind != "macro_invocation")
    + """
    (source_file (macro_invocation) @item)
    (source_file (expression_statement (macro_invocation) @item))
    (declaration_list (macro_invocation) @item)
    (attribute_item) @attribute
    (inner_attribute_item) @inner_attribute
    (line_comment) @comment
    (block_comment) @comment
    """,
)
_ERROR_QUERY = Query(LANGUAGE, "(ERROR) @error (MISSING) @error")
_TEST_MACROS = frozenset({"proptest", "quickcheck", "prop_compose"})


@dataclass(frozen=True)
class RustFile:
    """One parsed Rust file.

    Attributes:
        path: Relative to the repository's root, with ``/``.
        source: The bytes, unchanged.
        root: The root of the syntax tree.
        items: Every item, also inside functions, in the order of the file.
        comments: Every comment, in the order of the file.
        inner_attributes: The file's own attributes, without ``#![ ]``.
        doc: The file's own documentation (``//!``), or None.
        error_lines: 1-based lines where the parser found no sense; empty for a file that was understood.
    """

    path: str
    source: bytes
    root: Node = field(repr=False)
    items: tuple[Item, ...] = field(repr=False)
    comments: tuple[Comment, ...] = field(repr=False)
    inner_attributes: tuple[str, ...]
    doc: str | None
    error_lines: tuple[int, ...]

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """The byte where each line starts; a line ends with its newline byte."""
        return _line_starts(self.source)

    @property
    def line_count(self) -> int:
        """The number of lines; what follows a last newline is no line."""
        ends = self.source.count(b"\n")
        return ends if not self.source or self.source.endswith(b"\n") else ends + 1

    def line_of(self, byte: int) -> int:
        """The 1-based line of a byte."""
        return bisect_right(self.line_starts, byte)

    @property
    def functions(self) -> tuple[Item, ...]:
        """The functions, with and without bodies."""
        return tuple(item for item in self.items if item.kind == "function")

    @cached_property
    def is_test_file(self) -> bool:
        """Whether all of it is test code, as far as the file itself tells.

        It stands under ``tests/`` or ``benches/`` of a package, or has ``#![cfg(test)]``. Whether another
        file declares it as a test module is known to :attr:`SourceTree.test_files` only.
        """
        return is_test_path(self.path) or any(requires_test(text) for text in self.inner_attributes)

    @cached_property
    def test_lines(self) -> frozenset[int]:
        """1-based lines of test code; all lines of a test file."""
        if self.is_test_file:
            return frozenset(range(1, self.line_count + 1))
        return frozenset(line for item in self.items if item.in_test for line in item.lines)

    @cached_property
    def blank_lines(self) -> frozenset[int]:
        """1-based lines with white space only, outside string literals or inside: they look alike."""
        lines = self.source.split(b"\n")[: self.line_count]
        return frozenset(number for number, line in enumerate(lines, start=1) if not line.strip())

    @cached_property
    def comment_lines(self) -> frozenset[int]:
        """1-based lines that hold nothing but comments (blank lines inside a block comment are included)."""
        mask = bytearray(self.source)
        if mask.startswith(BOM_UTF8):
            mask[: len(BOM_UTF8)] = b"   "
        touched: set[int] = set()
        for comment in self.comments:
            touched.update(range(comment.line, comment.end_line + 1))
            start, end = comment.start_byte, comment.end_byte
            mask[start:end] = bytes(10 if byte == 10 else 32 for byte in mask[start:end])
        lines = bytes(mask).split(b"\n")
        return frozenset(line for line in touched if not lines[line - 1].strip())

    @cached_property
    def code_lines(self) -> frozenset[int]:
        """1-based lines that hold more than white space and comments."""
        every = range(1, self.line_count + 1)
        return frozenset(n for n in every if n not in self.blank_lines and n not in self.comment_lines)


def parse_rust(path: str, source: bytes) -> RustFile:
    """Parse a Rust file; any bytes will do, what makes no sense is in ``error_lines``.

    Args:
        path: Relative to the repository's root, with ``/``.
        source: The file's bytes.
    """
    root = Parser(LANGUAGE).parse(source).root_node
    captures = QueryCursor(_QUERY).captures(root)
    errors = QueryCursor(_ERROR_QUERY).captures(root).get("error", []) if root.has_error else []
    reader = _Reader(source)
    marked = [(kind, node) for kind, nodes in captures.items() for node in nodes]
    for kind, node in sorted(marked, key=lambda pair: (pair[1].start_byte, -pair[1].end_byte)):
        reader.read(kind, node)
    return RustFile(
        path=path,
        source=source,
        root=root,
        items=tuple(reader.items),
        comments=tuple(reader.comments),
        inner_attributes=tuple(reader.inner_attributes),
        doc=_joined(reader.file_docs),
        error_lines=tuple(sorted({node.start_point.row + 1 for node in errors})),
    )


def is_test_path(path: str) -> bool:
    """Whether a path lies under a package's ``tests/`` or ``benches/`` (and not inside its ``src/``)."""
    folders = path.split("/")[:-1]
    for folder in folders:
        if folder == "src":
            return False
        if folder in ("tests", "benches"):
            return True
    return False


class _Reader:
    """Takes items, attributes and comments in the order of the file and joins what belongs together."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._line_starts = _line_starts(source)
        self._open: list[Item] = []
        self._pending: list[tuple[str, Node]] = []
        self.items: list[Item] = []
        self.comments: list[Comment] = []
        self.inner_attributes: list[str] = []
        self.file_docs: list[str] = []

    def read(self, kind: str, node: Node) -> None:
        """Take the next node."""
        while self._open and self._open[-1].end_byte <= node.start_byte:
            self._open.pop()
        if self._pending and self._source[self._pending[-1][1].end_byte : node.start_byte].strip():
            self._pending.clear()
        if kind == "item":
            self._item(node)
            self._pending.clear()
        elif kind == "inner_attribute":
            if not self._open:
                self.inner_attributes.append(_attribute_text(node))
        else:
            if kind == "comment":
                comment = read_comment(node)
                self.comments.append(comment)
                if comment.doc == "inner" and not self._open:
                    self.file_docs.append(comment.text)
                    return
            self._pending.append((kind, node))

    def _item(self, node: Node) -> None:
        parent = self._open[-1] if self._open else None
        attributes = tuple(_attribute_text(found) for kind, found in self._pending if kind == "attribute")
        docs = [read_comment(found) for kind, found in self._pending if kind == "comment"]
        doc_parts = [comment.text for comment in docs if comment.doc == "outer"]
        doc_parts += [text for attribute in attributes if (text := _doc_attribute(attribute)) is not None]
        doc_parts += _inner_docs(node)
        starts = [
            found.start_byte
            for kind, found in self._pending
            if kind == "attribute" or read_comment(found).doc == "outer"
        ]
        start = min([*starts, node.start_byte])
        name = _name(node)
        own_test = any(requires_test(text) or is_harness_attribute(text) for text in attributes)
        item = Item(
            kind=_KINDS[node.type],
            name=name,
            parent=parent,
            attributes=attributes,
            doc=_joined(doc_parts),
            visibility=_visibility(node),
            start_byte=start,
            end_byte=node.end_byte,
            start_line=bisect_right(self._line_starts, start),
            line=node.start_point.row + 1,
            end_line=bisect_right(self._line_starts, max(start, node.end_byte - 1)),
            in_test=own_test or (parent is not None and parent.in_test) or _is_test_macro(node, name),
            node=node,
        )
        self.items.append(item)
        self._open.append(item)


def _line_starts(source: bytes) -> tuple[int, ...]:
    starts, position = [0], source.find(b"\n")
    while position >= 0:
        starts.append(position + 1)
        position = source.find(b"\n", position + 1)
    return tuple(starts)


def _attribute_text(node: Node) -> str:
    inner = children_of(node, "attribute")
    return " ".join(node_text(inner[0] if inner else node).split())


def _doc_attribute(attribute: str) -> str | None:
    name, _, value = attribute.partition("=")
    if name.strip() != "doc":
        return None
    value = value.strip()
    # `#[doc = include_str!("x.md")]` is documentation too; its text is not in this file.
    return value.strip('r#"') if value.startswith(('"', "r")) else value


def _inner_docs(node: Node) -> list[str]:
    """Documentation written as ``//!`` at the start of an item's body."""
    body = node.child_by_field_name("body")
    if body is None or body.type not in ("block", "declaration_list"):
        return []
    found = []
    for child in body.children[1:]:
        if child.type not in ("line_comment", "block_comment", "inner_attribute_item"):
            break
        if child.type != "inner_attribute_item" and (comment := read_comment(child)).doc == "inner":
            found.append(comment.text)
    return found


def _joined(parts: list[str]) -> str | None:
    return "\n".join(parts) if parts else None


def _visibility(node: Node) -> str:
    found = children_of(node, "visibility_modifier")
    return "".join(node_text(found[0]).split()) if found else ""


def _name(node: Node) -> str:
    if node.type == "impl_item":
        implemented, target = node.child_by_field_name("trait"), node.child_by_field_name("type")
        name = node_text(target) if target is not None else ""
        return f"{node_text(implemented)} for {name}" if implemented is not None else name
    named = node.child_by_field_name("macro" if node.type == "macro_invocation" else "name")
    return node_text(named).removeprefix("r#") if named is not None else ""


def _is_test_macro(node: Node, name: str) -> bool:
    """Whether a macro call at item level makes tests: a known macro, or ``#[test]`` among its tokens."""
    if node.type != "macro_invocation":
        return False
    if name.rsplit("::", 1)[-1] in _TEST_MACROS:
        return True
    text = b"".join((node.text or b"").split())
    return b"#[test]" in text
