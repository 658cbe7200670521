"""Markdown as a flat list of blocks, each with its line, its headings and the lead-ins that govern it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_TAG_LINE = re.compile(r"^\s*</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>\s*$")
_EXAMPLE = re.compile(r"<(example|commentary|sample_output|output_format)s?\b[^>]*>", re.IGNORECASE)
_CHECKBOX = re.compile(r"^\[[ xX]?\][ \t]+")
_SHELL = {"", "bash", "sh", "shell", "console", "zsh", "shell-session", "terminal", "text"}
# The programs that judge a tree; a fence shows many others, which serve, build or look around.
_COMMAND = re.compile(
    r"^(?:cargo|just|make|task|mise|moon|bazel|nix|pre-commit|lefthook|typos|taplo|\./[\w./-]+|"
    r"(?:bash|sh|python3?)\s+[\w./-]+\.(?:sh|py))(?:\s|$)"
)
_BOLD_ONLY = re.compile(r"^(\*\*|__)(?P<text>.+?)\1\s*:?\s*$", re.DOTALL)
_PSEUDO_HEADING_WORDS = 8
_PSEUDO_HEADING_LEVEL = 7


class BlockKind(StrEnum):
    """Where a block's text stands."""

    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text between two structural marks.

    Attributes:
        kind: Where it stands.
        line: 1-based line of the text where it starts.
        text: The Markdown as written, list marks and checkboxes removed; lines end with a newline.
        headings: The headings above it, outermost first, as written. A paragraph that is nothing but
            bold text counts as the lowest heading.
        leads: Texts that introduce it, outermost first: the list items that enclose it, and a paragraph
            that ends with a colon.
        is_lead: Whether something follows that this block introduces.
        checkbox: Whether it is an item of a checklist.
    """

    kind: BlockKind
    line: int
    text: str
    headings: tuple[str, ...]
    leads: tuple[str, ...]
    is_lead: bool = False
    checkbox: bool = False


def read_blocks(text: str) -> tuple[Block, ...]:
    """Cut Markdown into blocks.

    Code fences give a block for each command only where they hold shell commands; tables give a block
    for each row; example dialogues (``<example>``) give none. Never raises on any text.
    """
    lines = _without_examples(text)
    reader = _Reader(lines)
    for token in _parser().parse("\n".join(lines)):
        reader.take(token)
    return tuple(reader.blocks)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Indented text in definitions is prose, not code; tags are wrappers, not HTML; a rule of dashes under a
    # paragraph separates sections and makes no heading.
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 60}).enable("table")
    # What stands inside a block is read by ourselves: parsing it too takes most of the time on long lines.
    return parser.disable(["code", "html_block", "lheading", "reference", "inline"])


def _without_examples(text: str) -> list[str]:
    """The text's lines, with example dialogues and lines that are only a tag blanked out."""
    lines = re.sub(r"\r\n?", "\n", text).replace("\0", " ").split("\n")
    closing: str | None = None
    for index, line in enumerate(lines):
        if closing is None and (opening := _EXAMPLE.search(line)):
            closing = f"</{opening[1].lower()}"
            rest = line[opening.end() :]
            lines[index] = line[: opening.start()]
            if closing in rest.lower():
                closing = None
        elif closing is not None:
            lines[index] = ""
            if closing in line.lower():
                closing = None
        elif _TAG_LINE.match(line):
            lines[index] = ""
    return lines


@dataclass(slots=True)
class _Reader:
    """Walks markdown-it's tokens and keeps what governs the text at hand."""

    lines: Sequence[str]
    blocks: list[Block] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    items: list[str | None] = field(default_factory=list)
    lead: list[str] = field(default_factory=lambda: [""])
    list_leads: list[str] = field(default_factory=list)
    heading_level: int = 0
    in_table: bool = False
    cells: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    in_header: bool = False
    row_line: int = 1

    def take(self, token: Token) -> None:
        """Follow one token."""
        kind = token.type
        if kind == "heading_open":
            self.heading_level = int(token.tag[1:])
        elif kind == "inline":
            self._inline(token)
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._mark_lead()
            self.list_leads.append(self.lead[-1])
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.list_leads.pop()
            self.lead[-1] = ""
        elif kind == "list_item_open":
            self.items.append(None)
            self.lead.append("")
        elif kind == "list_item_close":
            self.items.pop()
            self.lead.pop()
        elif kind == "fence":
            self._fence(token)
            self.lead[-1] = ""
        elif kind == "hr":
            self.lead[-1] = ""
        else:
            self._table(token)

    def _inline(self, token: Token) -> None:
        line = token.map[0] + 1 if token.map else 1
        text = token.content
        if self.heading_level:
            self._heading(self.heading_level, text)
            self.heading_level = 0
        elif self.in_table:
            self.cells.append(text)
            self.row_line = line
        elif self.items:
            self._item_text(line, text)
        else:
            self._paragraph(line, text)

    def _heading(self, level: int, text: str) -> None:
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.headings.append((level, text))
        self.lead[-1] = ""

    def _paragraph(self, line: int, text: str) -> None:
        bold = _BOLD_ONLY.match(text)
        if bold and _is_heading(bold["text"]):
            self._heading(_PSEUDO_HEADING_LEVEL, bold["text"])
            return
        self._add(BlockKind.PARAGRAPH, line, text)
        self.lead[-1] = text if _ends_with_colon(text) else ""

    def _item_text(self, line: int, text: str) -> None:
        checkbox = _CHECKBOX.match(text)
        if checkbox:
            text = text[checkbox.end() :]
        self._add(BlockKind.ITEM, line, text, checkbox=checkbox is not None)
        if self.items[-1] is None:  # only now: the text does not introduce itself
            self.items[-1] = text
        self.lead[-1] = text if _ends_with_colon(text) else ""

    def _mark_lead(self) -> None:
        if self.blocks and (self.lead[-1] or self.items):
            last = self.blocks[-1]
            self.blocks[-1] = Block(
                last.kind, last.line, last.text, last.headings, last.leads, True, last.checkbox
            )

    def _governing(self) -> tuple[str, ...]:
        leads: list[str] = []
        for depth, item in enumerate(self.items):
            if depth < len(self.list_leads) and self.list_leads[depth]:
                leads.append(self.list_leads[depth])
            if item:
                leads.append(item)
        return tuple(dict.fromkeys(leads))

    def _add(self, kind: BlockKind, line: int, text: str, *, checkbox: bool = False) -> None:
        headings = tuple(heading for _, heading in self.headings)
        self.blocks.append(Block(kind, line, text, headings, self._governing(), checkbox=checkbox))

    def _fence(self, token: Token) -> None:
        language = token.info.strip().split(" ")[0].lower()
        if language not in _SHELL or token.map is None:
            return
        self._mark_lead()
        lead = (self.lead[-1],) if self.lead[-1] else ()
        headings = tuple(heading for _, heading in self.headings)
        for offset, raw in enumerate(token.content.split("\n"), start=1):
            command = re.sub(r"(^|\s)#.*$|\s(?:2>&1\s*)?\|\s*tee\s.*$", "", raw).strip().removeprefix("$ ")
            if _COMMAND.match(command) and "|" not in command:
                line = token.map[0] + 1 + offset
                leads = (*self._governing(), *lead)
                self.blocks.append(Block(BlockKind.COMMAND, line, command, headings, leads))

    def _table(self, token: Token) -> None:
        kind = token.type
        if kind == "table_open":
            self._mark_lead()
            self.in_table, self.header = True, []
        elif kind == "table_close":
            self.in_table = False
            self.lead[-1] = ""
        elif kind in ("thead_open", "thead_close"):
            self.in_header = kind == "thead_open"
        elif kind == "tr_open":
            self.cells = []
        elif kind == "tr_close" and self.in_header:
            self.header = list(self.cells)
        elif kind == "tr_close":
            self._row()

    def _row(self) -> None:
        text = ": ".join(cell for cell in self.cells if cell.strip())
        if text:
            lead = (self.lead[-1],) if self.lead[-1] else ()
            header = (" ".join(self.header),) if any(self.header) else ()
            headings = tuple(heading for _, heading in self.headings)
            leads = (*self._governing(), *lead, *header)
            self.blocks.append(Block(BlockKind.ROW, self.row_line, text, headings, leads))


def _ends_with_colon(text: str) -> bool:
    return text.rstrip().rstrip("*_ ").endswith(":")


def _is_heading(text: str) -> bool:
    return len(text.split()) <= _PSEUDO_HEADING_WORDS and not re.search(r"\*\*|__|[.!?]$", text)
