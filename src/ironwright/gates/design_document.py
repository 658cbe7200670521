"""Reads what a design document declares in Rust: the items of its blocks, examples left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ironwright.gates.rust.shapes import Shape, shapes_of
from ironwright.gates.rust.syntax import parse_rust

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$")
_HEADING = re.compile(r"^(#+)\s+(.*)$")
_NO_DESIGN = re.compile(
    r"\b(?:examples?|usage|how to use|alternatives?|rejected|considered|not chosen|before|current(?:ly)?|t"
    r"oday|"
    r"existing|status quo|non-?goals?|future|later|out of scope|anti-?patterns?|migration|tests?|testing|"
    r"pseudo-?code|sketch|history|appendix)\b",
    re.IGNORECASE,
)
# What stands for more than is written: the rest of a type, or of a list of methods.
_ELISION = re.compile(rb"\.\.\.|\xe2\x80\xa6|//\s*(?:etc|and so on|other fields|more)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Declared:
    """One item that a design declares.

    Attributes:
        shape: What it promises; ``line`` is that of the document.
        complete: Whether all of its parts are written down.
    """

    shape: Shape
    complete: bool


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    text: str


def read_design(text: str) -> tuple[tuple[Declared, ...], tuple[int, ...]]:
    """What a document declares, and the lines of Rust blocks in which the parser found no sense."""
    declared: list[Declared] = []
    unread: list[int] = []
    for block in _rust_blocks(text):
        source = block.text.encode("utf-8", "replace")
        elided = _ELISION.search(source) is not None
        file = parse_rust("design.rs", _without_elisions(source))
        if any(
            child.type in ("expression_statement", "let_declaration") for child in file.root.named_children
        ):
            continue  # statements: it shows how something is used
        if file.error_lines:
            unread.append(block.line)
            continue
        declared += [
            Declared(replace(shape, line=block.line + shape.line), not elided)
            for shape in shapes_of(file.items)
            if not (shape.kind == "function" and shape.name == "main")
        ]
    return tuple(declared), tuple(unread)


def _without_elisions(source: bytes) -> bytes:
    text = re.sub(rb"(?m)^\s*(?:\.\.\.|\xe2\x80\xa6),?\s*$", b"", source)
    return re.sub(rb"\{\s*(?:\.\.\.|\xe2\x80\xa6)\s*\}", b"{ }", text)


def _rust_blocks(text: str) -> Iterator[_Block]:
    open_mark, indent, rust, start = "", "", False, 0
    held: list[str] = []
    skipped: dict[int, bool] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fence = _FENCE.match(line)
        if open_mark:
            if fence and fence["mark"].startswith(open_mark) and not fence["info"].strip():
                if rust and not any(skipped.values()):
                    yield _Block(start, "\n".join(held) + "\n")
                open_mark = ""
            else:
                held.append(line.removeprefix(indent))
            continue
        if fence:
            open_mark, indent, start, held = fence["mark"], fence["indent"], number, []
            words = re.split(r"[,\s{]+", fence["info"].strip().lower())
            rust = words[0] in ("rust", "rs") and "compile_fail" not in words
            continue
        if heading := _HEADING.match(line):
            depth = len(heading[1])
            skipped = {level: skip for level, skip in skipped.items() if level < depth}
            skipped[depth] = _NO_DESIGN.search(heading[2]) is not None
