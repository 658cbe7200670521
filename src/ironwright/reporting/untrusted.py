"""Makes text from tools, crates and models safe to show: no escape sequences, nothing hidden."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC: titles, links, clipboard
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one C1 character
    r"|\x1b[ -/]*[0-~]"  # every other escape; one that is never closed must not hide what follows it
)
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@])")


def printable(text: str) -> str:
    """The text on one line: escape sequences and control characters gone, white space folded.

    Direction overrides, zero-width characters and lone surrogates go too (they can make a path or a
    message read as another one), so what a terminal shows is what the text says.
    """
    return " ".join(_visible(text).split())


def printable_lines(text: str) -> list[str]:
    """The text as lines, each without control characters; indentation stays, tabs become four blanks."""
    plain = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return [_visible(line).rstrip() for line in plain.split("\n")]


def markdown_text(text: str) -> str:
    """The text for one place of a Markdown document: one line, nothing in it is read as Markdown or HTML."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", printable(text))


def markdown_code(text: str) -> str:
    """The text as a Markdown code span, fenced by more backticks than it holds; fit for a table's cell."""
    plain = printable(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _visible(text: str) -> str:
    plain = _ESCAPE_SEQUENCE.sub("", text)
    return "".join(_shown(character) for character in plain)


def _shown(character: str) -> str:
    if character in "\n\t":
        return " "
    category = unicodedata.category(character)
    if category in ("Cc", "Cf"):
        return ""
    if category in ("Cs", "Zl", "Zp"):
        return "\ufffd" if category == "Cs" else " "
    return character
