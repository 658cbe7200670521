"""Rust code as a flat list of tokens, and how a short pattern such as ``Box<dyn Error>`` is found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from ironwright.gates.rust.items import node_text

_WHOLE = frozenset({"string_literal", "raw_string_literal", "char_literal"})
_SKIPPED = frozenset({"line_comment", "block_comment"})
_PIECES = re.compile(r"r#\w+|'\w+(?!')|\w+|\"(?:[^\"\\]|\\.)*\"|\S")
_NAME = re.compile(r"(?:r#)?[^\W\d]\w*")
# What stands for any type in `Rc<RefCell<T>>`; types of one capital letter are hardly ever meant themselves.
_ANY = frozenset({"T", "U", "E", "K", "V", "_", "…"})
_OPEN, _CLOSE = frozenset("<([{"), frozenset(">)]}")


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        text: As written; punctuation is one character each.
        line: 1-based line.
        start: Its first byte.
    """

    text: str
    line: int
    start: int


def tokens_of(root: Node) -> tuple[Token, ...]:
    """Every token below a node in order, without comments; a literal is one token."""
    found: list[Token] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in _SKIPPED:
            continue
        if node.children and node.type not in _WHOLE:
            stack.extend(reversed(node.children))
            continue
        text, line, start = node_text(node), node.start_point.row + 1, node.start_byte
        if _NAME.fullmatch(text) or node.type in _WHOLE or len(text) == 1:
            found.append(Token(text, line, start))
        elif text.strip():
            found += [
                Token(piece[0], line, start + len(text[: piece.start()].encode()))
                for piece in _PIECES.finditer(text)
            ]
    return tuple(found)


def pattern_tokens(pattern: str) -> tuple[str, ...]:
    """The tokens of a pattern; ``...`` and type letters such as ``T`` between brackets stand for anything."""
    pieces = [piece[0] for piece in _PIECES.finditer(pattern.replace("...", "…").removesuffix("()"))]
    depth, found = 0, []
    for piece in pieces:
        depth += (piece in _OPEN) - (piece in _CLOSE)
        found.append("…" if piece == "…" or (depth > 0 and piece in _ANY) else piece)
    return tuple(found)


def find_pattern(tokens: Sequence[Token], pattern: Sequence[str]) -> Iterator[Token]:
    """The first token of every place where a pattern occurs.

    A name of the pattern also stands for itself behind a path (``Error`` for ``std::error::Error``), and a
    trait object may have more bounds than the pattern says (``dyn Error + Send``).
    """
    if not pattern:
        return
    texts = [token.text for token in tokens]
    for start, text in enumerate(texts):
        if text == pattern[0] and _matches(texts, start, pattern, 0):
            yield tokens[start]


def _matches(texts: Sequence[str], at: int, pattern: Sequence[str], position: int) -> bool:
    while position < len(pattern):
        if at >= len(texts):
            return False
        wanted = pattern[position]
        if wanted == "…":
            return any(_matches(texts, end, pattern, position + 1) for end in _runs(texts, at))
        if position and _NAME.fullmatch(wanted) and pattern[position - 1] != ":":
            at = _behind_path(texts, at, in_path=pattern[position + 1 : position + 2] == (":",))
        if wanted == ">" and texts[at : at + 1] == ["+"]:
            at = next((end for end in _runs(texts, at) if texts[end : end + 1] == [">"]), at)
        if at >= len(texts) or texts[at] != wanted:
            return False
        at, position = at + 1, position + 1
    return True


def _behind_path(texts: Sequence[str], at: int, *, in_path: bool) -> int:
    """Where the last name of a path begins; the pattern's own path is left as it is."""
    if in_path:
        return at
    if texts[at : at + 2] == [":", ":"]:
        at += 2
    while at + 3 < len(texts) and _NAME.fullmatch(texts[at]) and texts[at + 1 : at + 3] == [":", ":"]:
        if not _NAME.fullmatch(texts[at + 3]):
            break
        at += 3
    return at


def _runs(texts: Sequence[str], at: int) -> Iterator[int]:
    """Where a run of whole tokens that starts here may end, brackets being closed."""
    depth = 0
    for end in range(at, min(len(texts), at + 64)):
        depth += texts[end] in _OPEN
        if texts[end] in _CLOSE:
            depth -= 1
        if depth < 0 or texts[end] in (";", "{"):
            return
        if depth == 0:
            yield end + 1
