"""Sentences of Markdown with their lines, and the plain text that patterns are matched against."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|Mr|Dr|St)|\b[A-Z])\.$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]*_`]*(?=\s+[\"'“‘(\[*_`]*[A-Z0-9✅❌⚠🚫/`])")
_MARKED_LINE = re.compile(r"\n(?=\s*[✅❌✓✔☑✗✘🚫⛔•])")
_NEAR = 1_000  # characters around the end of a sentence that tell whether it is one
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_EMPHASIS = re.compile(
    r"(?<![\w*])\*{1,3}(?=\S)|(?<=\S)\*{1,3}(?![\w*])|\*\*|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|~~"
)
_TAG = re.compile(r"</?[a-z][\w-]*>")
_VARIABLE = re.compile(r"\$(?:[A-Z_]+\b|\d|\{\w+\})")
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "‑": "-", "\u00a0": " ", "≧": "≥", "≦": "≤"})

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES = {word: value for value, word in enumerate(_UNITS)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000}
_WORD = "|".join([*_VALUES, *_SCALES])
_NUMBER_WORDS = re.compile(
    rf"\b(?:a\s+(?=hundred|thousand))?(?:{_WORD})(?:(?:[\s-]+|\s+and\s+)(?:{_WORD}))*\b", re.I
)
_GROUPED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[,_]\d{3})+)(?![\d,])")
_THOUSANDS = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)k\b(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as written.

    Attributes:
        line: 1-based line of the block's text where it starts, counted from the text's first line as 1.
        raw: The sentence as written, white space folded.
    """

    line: int
    raw: str


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Cut a block's text into sentences; abbreviations, versions and file names do not end one."""
    sentences: list[Sentence] = []
    start, line, counted = 0, 1, 0
    for end in [*_ends(text), len(text)]:
        part = text[start:end]
        stripped = part.strip()
        if stripped:
            offset = start + len(part) - len(part.lstrip())
            line, counted = line + text.count("\n", counted, offset), offset
            sentences.append(Sentence(line, fold(stripped)))
        start = end
    return tuple(sentences)


def _ends(text: str) -> list[int]:
    ends = []
    for found in _MARKED_LINE.finditer(text):
        ends.append(found.start() + 1)
    for found in _SENTENCE_END.finditer(text):
        head = text[max(found.start() - _NEAR, 0) : found.start() + 1]
        numbered = re.search(r"(?:^|\s)\d{1,2}\.$", head)
        if not _ABBREVIATION.search(head) and not numbered and not _open_bracket(text, found.end()):
            ends.append(found.end())
    return sorted(set(ends))


def _open_bracket(text: str, end: int) -> bool:
    head = text[max(end - _NEAR, 0) : end]
    return head.count("(") > head.count(")") and ")" in text[end : end + _NEAR]


def fold(text: str) -> str:
    """The text with every run of white space as one space."""
    return _SPACE.sub(" ", text).strip()


def plain(text: str, *, code_marks: bool = False) -> str:
    """What patterns see: white space folded; emphasis, code marks and link targets removed; plain quotes.

    Args:
        text: A sentence as written.
        code_marks: Whether the back quotes around code stay.
    """
    text = _LINK.sub(r"\1", text).translate(_QUOTES)
    text = _VARIABLE.sub("…", _TAG.sub("", text))
    text = text if code_marks else text.replace("`", "")
    return fold(_EMPHASIS.sub("", text))


def with_digits(text: str) -> str:
    """Numbers as digits: ``ninety percent`` gives ``90%``, ``1,000`` and ``1k`` give ``1000``."""
    text = _NUMBER_WORDS.sub(_as_digits, re.sub(r"\btwice\b", "2 times", text, flags=re.IGNORECASE))
    text = _GROUPED.sub(lambda found: found[1] + re.sub(r"[,_]", "", found[2]), text)
    text = _THOUSANDS.sub(lambda found: str(round(float(found[1]) * 1000)), text)
    return re.sub(r"(?<=\d)\s*(?:%|(?:per\s?cent|percentage points?)\b)", "%", text, flags=re.IGNORECASE)


def _as_digits(found: re.Match[str]) -> str:
    words = [word for word in re.split(r"[\s-]+", found[0].lower()) if word not in ("and", "a")]
    if words in (["one"], ["zero"]):
        return found[0]  # "one of", "no one", "zero-allocation" are no numbers
    total = current = 0
    for word in words:
        if word in _VALUES:
            current += _VALUES[word]
        elif word == "hundred":
            current = (current or 1) * 100
        else:
            total, current = total + (current or 1) * 1000, 0
    return str(total + current)
