"""Judges documentation comments: whether one says anything, and which sections it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ironwright.gates.rust.expressions import may_panic
from ironwright.gates.rust.items import Item

_STOP_WORDS: Final = frozenset(
    {"a", "an", "the", "this", "that", "of", "to", "for", "fn", "function", "method", "is", "it"}
)
_EMPTY_PHRASES: Final = frozenset(
    {"todo", "tbd", "fixme", "xxx", "doc", "docs", "document", "documentation", "comment"}
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_HEADINGS: Final[Mapping[str, str]] = {
    "parameters": r"arguments?|args|param(?:eter)?s?|inputs?|type parameters?|generics",
    "returns": r"returns?|return values?|outputs?|yields?|result",
    "errors": r"errors?|error (?:conditions?|handling|cases)|fail(?:ure)?s?(?: modes)?",
    "panics": r"panics?",
    "safety": r"safety|(?:safety )?invariants",
    "performance": r"performance(?: characteristics)?|(?:time |space )?complexity|cost|efficiency|"
    r"allocations?",
    "example": r"(?:usage )?examples?|usage|how to use",
}
_SENTENCES: Final[Mapping[str, str]] = {
    "returns": r"\b(?:returns?|returned|returning|yields?|produces?|gives|evaluates? to|resolves? to)\b",
    "errors": r"\b(?:errors?|err|fails?|failure)`?\b[^.]{0,40}\b(?:if|when|where|unless|on|is returned)\b"
    r"|\b(?:returns?|returned|gives|yields?)\b[^.]{0,30}(?:\berrors?\b|`?\b(?:Err|\w+Error)\b)",
    "panics": r"\b(?:never |does not |will |may |can )?panics?\b",
    "performance": r"\bO\([^)]*\)|\bcomplexity\b|\balloc\w*|\bperformance\b"
    r"|\b(?:constant|linear|logarithmic|quadratic) time\b",
    "example": r"^\s*(?:```|~~~)",
}

SECTIONS: Final = (
    "purpose",
    "parameters",
    "returns",
    "errors",
    "panics",
    "safety",
    "performance",
    "example",
)
"""Every section that can be demanded, in the order in which documentation usually has them."""

ADVICE: Final[Mapping[str, str]] = {
    "purpose": "Start with a sentence that says what it is for.",
    "parameters": "Add `# Arguments` with a line for each, or name each in backticks in the text.",
    "returns": "Add a sentence that starts with `Returns`, or a section `# Returns`.",
    "errors": "Add `# Errors`: when it returns an error, and which.",
    "panics": "Add `# Panics`: under which condition.",
    "safety": "Add `# Safety`: what the caller must guarantee.",
    "performance": "Add `# Performance`: its complexity, and whether it allocates.",
    "example": "Add `# Examples` with a code block that compiles.",
}


def says_something(doc: str | None, name: str) -> bool:
    """Whether a documentation comment tells more than the name of what it documents.

    Code blocks and headings tell nothing by themselves; ``get name`` tells nothing about ``get_name``.
    """
    if doc is None:
        return False
    prose = re.sub(r"^\s*(?:```|~~~).*?(?:^\s*(?:```|~~~)|\Z)", "", doc, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^\s*#+ .*$", "", prose, flags=re.MULTILINE)
    if re.search(r"[^\W\d_]", prose) and not re.search(r"[A-Za-z]", prose):
        return True  # prose in another script: its words cannot be compared with the name's
    words = {word.lower() for word in _WORD.findall(prose)} - _STOP_WORDS - _EMPTY_PHRASES
    return bool({_stem(word) for word in words} - {_stem(word) for word in _WORD.findall(name)})


def must_be_documented(item: Item, items: str) -> bool:
    """Whether a function is one of those whose documentation is judged.

    Left out are test code, implementations of a trait (they inherit its documentation), foreign functions
    in ``extern`` blocks, and what is marked ``#[doc(hidden)]``.

    Args:
        item: A function.
        items: ``all``, or ``public`` for those that are written ``pub``.
    """
    if item.in_test or item.in_trait_impl:
        return False
    if item.parent is not None and item.parent.kind == "extern_block":
        return False
    if any(re.match(r"doc\s*\(\s*hidden", attribute) for attribute in item.attributes):
        return False
    return items == "all" or item.is_public


def missing_sections(item: Item, wanted: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The sections that a function's documentation should have and has not.

    Args:
        item: A function.
        wanted: Names from :data:`SECTIONS`; each counts only where it applies to the function.

    Yields:
        The section's name and what exactly is missing.
    """
    doc = item.doc or ""
    for section in SECTIONS:
        if section in wanted and _APPLIES[section](item):
            lacking = _LACKS.get(section, _lacks_section)(item, doc, section)
            if lacking:
                yield section, lacking


def has_heading(doc: str, section: str) -> bool:
    """Whether documentation has a heading for a section, also as ``**Errors**:`` or ``Errors:``."""
    names = _HEADINGS[section]
    pattern = rf"^\s*(?:#+\s*(?:{names})\b.*|(?:\*\*|__)(?:{names})\b.*|[-*]?\s*(?:{names}):.*)$"
    return re.search(pattern, doc, re.IGNORECASE | re.MULTILINE) is not None


def returns_result(item: Item) -> bool:
    """Whether a function's return type is a ``Result`` by its name; formatting's own does not count."""
    kind = item.return_type or ""
    return bool(re.search(r"\b\w*Result\b", kind)) and not re.fullmatch(r"(?:std::|core::)?fmt::Result", kind)


def _stem(word: str) -> str:
    word = word.lower()
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _returns_value(item: Item) -> bool:
    kind = "".join((item.return_type or "").split())
    nothing = re.fullmatch(r"!|(?:[\w:]*Result|Option|Poll)<\(\)(?:,.*)?>|(?:std::|core::)?fmt::Result", kind)
    return bool(kind) and nothing is None


def _described_parameters(item: Item) -> tuple[str, ...]:
    names = (re.sub(r"^(?:(?:mut|ref)\s+)*_*", "", parameter.pattern) for parameter in item.parameters)
    return tuple(name for name in names if name)


def _lacks_purpose(item: Item, doc: str, _section: str) -> str:
    first = doc.strip().split("\n\n", 1)[0]
    return "" if says_something(first, item.name) else "what it is for"


def _lacks_parameters(item: Item, doc: str, section: str) -> str:
    names = [name for name in _described_parameters(item) if re.fullmatch(r"\w+", name)]
    if not has_heading(doc, section):
        unnamed = [name for name in names if f"`{name}`" not in doc]
        if not names:
            return "its parameters"  # patterns that have no name can be described under a heading only
    else:
        unnamed = [name for name in names if not re.search(rf"\b{re.escape(name)}\b", doc)]
    return f"its parameters ({', '.join(unnamed)})" if unnamed else ""


def _lacks_section(_item: Item, doc: str, section: str) -> str:
    if has_heading(doc, section):
        return ""
    sentence = _SENTENCES.get(section)
    if sentence and re.search(sentence, doc, re.IGNORECASE | re.MULTILINE):
        return ""
    return _MISSING[section]


_MISSING: Final[Mapping[str, str]] = {
    "returns": "what it returns",
    "errors": "when it returns an error",
    "panics": "when it panics",
    "safety": "what its caller must guarantee",
    "performance": "its performance",
    "example": "an example",
}
_APPLIES: Final[Mapping[str, Callable[[Item], bool]]] = {
    "purpose": lambda _item: True,
    "parameters": lambda item: bool(_described_parameters(item)),
    "returns": _returns_value,
    "errors": returns_result,
    "panics": lambda item: item.body is not None and may_panic(item.body) is not None,
    "safety": lambda item: "unsafe" in item.modifiers,
    "performance": lambda _item: True,
    "example": lambda _item: True,
}
_LACKS: Final[Mapping[str, Callable[[Item, str, str], str]]] = {
    "purpose": _lacks_purpose,
    "parameters": _lacks_parameters,
}
