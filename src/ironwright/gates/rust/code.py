"""A Rust file's code without its plain comments: what the compiler's answer depends on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ironwright.gates.rust.comments import Comment
from ironwright.gates.rust.syntax import RustFile

# Code that can see where it stands, or the text that it is made of: its lines count as well.
SEES_ITS_PLACE = re.compile(
    rb"\b(?:line|column|file|module_path|include|include_str|include_bytes|expect|expect_file|assert_snapshot"
    rb"|assert_debug_snapshot)\s*!|\bLocation\s*::\s*caller|\bdbg\s*!"
)


def code_text(file: RustFile, *, keep_places: bool = False) -> bytes:
    """The file's bytes with every plain comment taken out; documentation is code and stays.

    Lines that held nothing but a comment are taken out as well, so a file with a comment more is the same
    text. A file that can see its own lines (``line!()``, snapshots) or that the parser did not understand
    is returned unchanged: there a comment may matter.

    Args:
        file: The parsed file.
        keep_places: Leave a mark for each comment inside a function's body or that speaks of safety: for
            clippy, which takes such comments into account (not their words, but that they are there).
    """
    source = file.source
    if file.error_lines or SEES_ITS_PLACE.search(source):
        return source
    return without_comments(file, (), keep_places=keep_places)


def without_comments(
    file: RustFile, bodies: Iterable[tuple[int, int]], *, keep_places: bool = False
) -> bytes:
    """The file's bytes with plain comments taken out, and with ``{}`` in place of some blocks.

    Args:
        file: The parsed file.
        bodies: Where those blocks start and end, none inside another.
        keep_places: As for :func:`code_text`.
    """
    source = file.source
    cuts = [(start, end, b"{}") for start, end in bodies]
    for comment in file.comments:
        if comment.doc is None:
            mark = b"/**/" if keep_places and _matters_to_clippy(file, comment) else b""
            cuts.append((*_extent(source, comment), mark))
    pieces: list[bytes] = []
    position = 0
    for start, end, mark in sorted(cuts, key=lambda cut: cut[:2]):
        if start >= position:
            pieces += [source[position:start], mark]
            position = end
    pieces.append(source[position:])
    return b"".join(pieces)


def _extent(source: bytes, comment: Comment) -> tuple[int, int]:
    """The comment's bytes with the white space before it, and its whole lines where nothing else is there.

    White space may be taken away only where a comment ended the line: anywhere else it could stand inside
    a string that goes on over several lines.
    """
    start, end = comment.start_byte, comment.end_byte
    while end > start and source[end - 1 : end] in (b"\n", b"\r"):
        end -= 1
    rest = re.compile(rb"[ \t\r]*(?:\n|$)").match(source, end)
    if rest is None:
        return start, end
    before = start
    while before > 0 and source[before - 1 : before] in (b" ", b"\t"):
        before -= 1
    alone = before == 0 or source[before - 1 : before] == b"\n"
    return before, rest.end() if alone else end


def _matters_to_clippy(file: RustFile, comment: Comment) -> bool:
    if b"SAFETY" in file.source[comment.start_byte : comment.end_byte].upper():
        return True
    return any(
        item.kind == "function" and item.start_byte <= comment.start_byte < item.end_byte
        for item in file.items
    )
