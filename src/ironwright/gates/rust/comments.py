"""What a Rust comment is: its place, whether it documents something, and its text without marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tree_sitter import Node

Documents = Literal["outer", "inner"]


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment.

    Attributes:
        text: Without comment marks and without one leading space a line.
        line: 1-based line where it starts.
        end_line: 1-based line where it ends.
        start_byte: Where it starts.
        end_byte: Where it ends (exclusive), a line's newline left out.
        doc: ``outer`` (documents what follows), ``inner`` (what it stands in), or None for neither.
    """

    text: str
    line: int
    end_line: int
    start_byte: int
    end_byte: int
    doc: Documents | None


def read_comment(node: Node) -> Comment:
    """Read a comment's syntax node."""
    raw = node.text or b""
    # The parser counts the newline to a `///` comment, but not to a `//` one.
    stripped = raw.rstrip(b"\r\n")
    written = stripped.decode("utf-8", "replace")
    kinds = {child.type for child in node.children}
    doc: Documents | None = None
    if "outer_doc_comment_marker" in kinds:
        doc = "outer"
    elif "inner_doc_comment_marker" in kinds:
        doc = "inner"
    line = node.start_point.row + 1
    return Comment(
        text=_unmarked(written, doc is not None),
        line=line,
        end_line=line + stripped.count(b"\n"),
        start_byte=node.start_byte,
        end_byte=node.start_byte + len(stripped),
        doc=doc,
    )


def _unmarked(written: str, is_doc: bool) -> str:
    if written.startswith("//"):
        body = written[3:] if is_doc else written.lstrip("/")
        return body.removeprefix(" ").rstrip()
    body = written.removeprefix("/**" if is_doc and written.startswith("/**") else "/*")
    body = body.removeprefix("!") if is_doc else body
    body = body.removesuffix("*/")
    lines = [re.sub(r"^\s*\*? ?", "", line).rstrip() for line in body.split("\n")]
    return "\n".join(lines).strip("\n")
