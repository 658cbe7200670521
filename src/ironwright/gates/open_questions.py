"""Finds what a task or a design leaves open: marks such as TBD, choices that nobody made, plain questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKS = re.compile(
    r"\b(?:TBD|TBC)\b|\b(?:TODO|FIXME|XXX)\b\s*[:(]|^\W*(?:TODO|FIXME|XXX)\b|\?\?+|"
    r"\b(?i:to be (?:decided|determined|defined|clarified|discussed|confirmed|agreed))\b|"
    r"\b(?i:(?:not (?:yet )?(?:decided|clear|sure|specified|determined)|undecided|unclear|open)"
    r" (?:whether|if|which|how|what|who|where|when)\b)|"
    r"\b(?i:(?:is|are|remains?) (?:still )?(?:undecided|unspecified|not (?:yet )?(?:decided|specified)))\b"
)
_CHOICE = re.compile(
    r"\b(?:use|choose|pick|store|implement|keep|make|return|do|with|via|as|through|by|be)\s+either\b[^.;]"
    r"{1,80}\bor\b",
    re.IGNORECASE,
)
# A choice that the program makes while it runs is a specification, no question.
_AT_RUN_TIME = re.compile(
    r"\b(?:depending on|when|if|based on|according to|whichever|returns? either|is either|are either|user|"
    r"caller)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^(?:[-*\d.)\s>]*)(?:\w+:\s+)?(?:should|shall|which|what|how|do|does|is|are|must|where|when|who|why|w"
    r"hether)"
    r"\b[^.!?]{6,}\?\s*$",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\s*(?:```|~~~)")
_SETTLED_HEADING = re.compile(
    r"^#+\s.*\b(?:FAQ|frequently|questions and answers|Q ?& ?A|resolved|answered|decided|rationale|motivat"
    r"ion)\b",
    re.IGNORECASE,
)
_OPEN_HEADING = re.compile(
    r"^#+\s.*\b(?:open|unresolved|outstanding)\s+(?:questions?|issues?|points?|items?)\b", re.IGNORECASE
)
_HEADING = re.compile(r"^#+\s")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\S")
_SETTLED_ITEM = re.compile(
    r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[xX]\]|~~|none\b|n/a\b)|\b(?:answer|decision|resolved|decided|answered)"
    r"\s*:",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One thing that is left open.

    Attributes:
        line: 1-based line of the text.
        text: The line, white space folded.
    """

    line: int
    text: str


def open_questions(text: str) -> Iterator[OpenQuestion]:
    """What a text leaves open, in order; code blocks, answered items and sections that settle are not."""
    fenced = settled = listed = False
    for number, line in enumerate(text.splitlines(), start=1):
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced:
            continue
        if _HEADING.match(line):
            settled, listed = bool(_SETTLED_HEADING.match(line)), bool(_OPEN_HEADING.match(line))
            continue
        if settled or _SETTLED_ITEM.search(line):
            continue
        plain = re.sub(r"`[^`]*`|\"[^\"]*\"|https?://\S+", " x ", line)
        choice = _CHOICE.search(plain) and not _AT_RUN_TIME.search(plain)
        if (listed and _ITEM.match(line)) or _MARKS.search(plain) or choice or _QUESTION.match(plain.strip()):
            yield OpenQuestion(number, " ".join(line.split())[:160])
