"""Finds numbers that contradict one another: coverage 90 % here, 70 % in a snippet that is included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ironwright.agents.include import prose_lines
from ironwright.records.definition import Agent, LintFinding, Severity

_BOUND = (
    r"(?:at\s+least|minimum(?:\s+of)?|min\.?|no\s+less\s+than|not\s+less\s+than|≥|>=|>|above|over|exceeds?|"
    r"more\s+than|target(?:\s+of)?|of|must\s+be|is|reach(?:es)?|achieve[sd]?|maintain|:)"
)
_AT_MOST = (
    r"(?:under|below|at\s+most|max(?:imum)?(?:\s+of)?|no\s+more\s+than|less\s+than|longer\s+than|exceed|<=?|≤|"
    r"up\s+to|within|to)"
)
_LENGTH = r"[^.;|\n]{0,40}?" + _AT_MOST + r"\s*[*_`:]*(\d{1,5})\s+lines"
_QUANTITIES = (
    (
        "test coverage",
        "%",
        re.compile(
            rf"\bcoverage\b[^.;|%\n]{{0,40}}?{_BOUND}[\s*_`:(]*(\d{{2,3}}(?:\.\d+)?)\s?%"
            rf"|\bcoverage\s*\((\d{{2,3}}(?:\.\d+)?)\s?%"
            rf"|(\d{{2,3}}(?:\.\d+)?)\s?%\+?\s+(?:\w+\s+){{0,3}}coverage\b",
            re.IGNORECASE,
        ),
    ),
    (
        "length of a file",
        " lines",
        re.compile(
            rf"\bfiles?\b{_LENGTH}|\bmax(?:imum)?\s+file\s+(?:length|size)[\s*_`:]+(\d{{2,5}})\s+lines",
            re.IGNORECASE,
        ),
    ),
    ("length of a function", " lines", re.compile(rf"\b(?:functions?|methods?)\b{_LENGTH}", re.IGNORECASE)),
)
# Words that say for what a number holds: two numbers with different ones do not contradict each other.
_FOR = re.compile(
    r"\b(unit|integration|e2e|end-to-end|branch|line|statement|function|mutation|critical|core|new|changed|"
    r"public|api|overall|total|global|legacy|security|business|ui|frontend|backend|component|service|doc\w*|type|"
    r"patch|diff|module|package|per|edge|error|happy|path|paths|logic|library|util\w*)\b",
    re.IGNORECASE,
)
# Sample output, wishes, conditions, and the present state demand nothing.
_NO_DEMAND = re.compile(
    r"\b(?:e\.g\.|example|such\s+as|currently|current|from\s+\d|increased?|improv\w+|ideally|aim|stretch|optional|if|"
    r"unless|when|was|were|reduc\w+|drops?|gap|missing|before|baseline|achieved|result\w*|report\w*|score|"
    r"less\s+than|lower|below)\b|→|->|✅|❌|\[",
    re.IGNORECASE,
)
_AT_MOST_WORDS = re.compile(r"\b(?:less\s+than|below)\b", re.IGNORECASE)
_BOX = re.compile(r"^\s*[-*+]\s+\[[ xX]\]")
_PERCENT = re.compile(r"\s?\bpercent\b", re.IGNORECASE)
_NOT_BELOW = re.compile(
    r"(?:not|never)\s+(?:be\s+|fall\s+|drop\s+|go\s+)?(?:below|less\s+than|under)(?=\s+\d+(?:\.\d+)?\s?%)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"\n]*"|“[^”\n]*”')


@dataclass(frozen=True, slots=True)
class _Stated:
    what: str
    unit: str
    scope: frozenset[str]
    number: float
    path: str
    line: int


def contradicting_numbers(agent: Agent) -> Iterator[LintFinding]:
    """Numbers that a definition and what it includes state differently for one thing.

    Only demands count: no examples, sample output, wishes or conditions, and no two numbers that hold for
    different kinds of code or tests.
    """
    first: dict[tuple[str, frozenset[str]], _Stated] = {}
    for stated in _all_stated(agent):
        known = first.setdefault((stated.what, stated.scope), stated)
        if known.number != stated.number:
            here, there = f"{stated.number:g}{stated.unit}", f"{known.number:g}{known.unit}"
            place = f"line {known.line}" if known.path == stated.path else f"{known.path}:{known.line}"
            yield LintFinding(
                "number-contradiction",
                Severity.WARNING,
                stated.path,
                stated.line,
                f"{stated.what}: {here} here, {there} in {place}",
                "Make the two agree; the contract takes the stricter one.",
            )


def _all_stated(agent: Agent) -> Iterator[_Stated]:
    for number, line in prose_lines(agent.body, agent.body_line):
        if "%" in line or "lines" in line:
            path, at = agent.place(number)
            yield from _stated(line, path, at)
    for include in agent.includes:
        for number, line in prose_lines(include.text, 1):
            if "%" in line or "lines" in line:
                yield from _stated(line, str(include.path), number)


def _stated(line: str, path: str, number: int) -> Iterator[_Stated]:
    plain = _NOT_BELOW.sub("at least", _PERCENT.sub("%", _QUOTED.sub("", _BOX.sub("", line))))
    if line.lstrip().startswith("|"):
        return  # a cell of a table says little without its headings
    for what, unit, pattern in _QUANTITIES:
        demand = _AT_MOST_WORDS.sub("", plain) if "length" in what else plain
        if _NO_DEMAND.search(demand):
            continue
        found = list(pattern.finditer(plain))
        if len(found) != 1:
            continue  # two numbers in one sentence are for two things
        value = next(group for group in found[0].groups() if group)
        scope = frozenset(word.lower() for word in _FOR.findall(plain))
        yield _Stated(what, unit, scope, float(value), path, number)
