"""Refuses code that knows the tests' inputs and answers for them alone.

What it checks:
    In the functions that the change adds or alters (scope ``all``: in every function) it looks for special
    cases: a match arm, a guard clause or a row of a table that compares the input with literals and answers
    with literals. One is *learned* where a test that names the function holds the very same input and the
    very same answer. A function is refused where a learned case stands beside code that computes the answer
    for all other inputs; or where every one of its cases is learned and the inputs are no names (several
    values at once, sentences, numbers mapped to numbers), so that it is no table of a vocabulary; or where
    it picks answers that only the tests know by the mere number of its inputs. Small numbers, single
    characters and empty texts say nothing.

Why:
    The quickest way to make a failing test pass is to return what it expects.

Evidence:
    The number of functions looked at and of special cases that the tests know.

Unknown when:
    The parser finds no sense in a file in scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.items import Item
from ironwright.gates.rust.special_cases import (
    SpecialCase,
    find_special_cases,
    is_trivial,
    literals_below,
)
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import SourceTree, Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

GATE = Gate(
    id="hardcoded_answers",
    summary="code that answers for the tests' inputs alone",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\bhard-?\s?cod\w*\b[^.;]{0,40}\b(?:tests?|answers?|results?|expected|outputs?|return values?|"
            r"responses?)\b",
            "Never hard-code expected test results.",
            negative=True,
        ),
        Phrasing(
            r"\bspecial[- ]cas\w*\b[^.;]{0,40}\btests?\b",
            "Do not special-case test inputs.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:general|real)(?:-purpose)?\s+(?:solutions?|implementations?|logic)\b[^.;]{0,60}"
            r"\b(?:all|any|every)\s+(?:valid\s+)?inputs?\b",
            "Write a general solution that works for all valid inputs.",
        ),
    ),
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_ADVICE = "Compute the answer for every input; leave the test's values to the test."
_WORD = re.compile(r'^"[A-Za-z][\w./-]{0,23}"$')


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare the special cases of functions with what tests hold."""
    del params
    judged, known = TreeScope(subject, scope), _Tests(subject.head)
    failures: list[Finding] = []
    unreadable: list[RustFile] = []
    seen = cases = 0
    for path in judged.paths:
        if path in subject.head.test_files:
            continue
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        tables = {
            item.name: value
            for item in file.items
            if item.kind in ("const", "static") and (value := item.node.child_by_field_name("value"))
        }
        touched_table = any(
            judged.holds(file, item) for item in file.items if item.kind in ("const", "static")
        )
        for item in file.functions:
            if item.in_test or item.body is None or item.is_nested:
                continue
            if not judged.holds(file, item) and not touched_table:
                continue
            seen += 1
            found = find_special_cases(item, tables)
            learned = [case for case in found.cases if known.hold(item.name, case)]
            cases += len(learned)
            for line, message in _problems(item, found.cases, learned, found.computes, known):
                failures.append(Finding(path, line, message, _ADVICE))
    evidence = Evidence(
        "measure",
        f"functions looked at: {seen}; special cases that tests know: {cases}",
        {"name": "special cases", "value": cases, "unit": "cases", "functions": seen},
    )
    return settle(
        failures,
        (),
        unreadable,
        f"no function answers for the tests alone ({seen} looked at)",
        "functions that answer for the tests alone: {n}",
        evidence,
    )


def _problems(
    item: Item, cases: Sequence[SpecialCase], learned: Sequence[SpecialCase], computes: bool, known: _Tests
) -> Iterator[tuple[int, str]]:
    """At most one place for a function, and what is wrong there."""
    if learned:
        first = learned[0]
        shown = f"{', '.join(first.keys)} and answers {', '.join(first.answers)}"
        if computes and any(not is_trivial(key) for key in first.keys):
            yield first.line, f"`{item.name}` knows the test's input {shown}; everything else it computes"
        elif len(learned) == len([c for c in cases if c.answers]) and any(_is_no_name(c) for c in learned):
            yield first.line, f"`{item.name}` only knows the tests' inputs: {shown}"
        return
    by_count = [case for case in cases if case.answers and known.expect(item.name, case.answers)]
    text = (item.body.text or b"").decode("utf-8", "replace") if item.body is not None else ""
    counts = re.search(r"\bmatch\s+[\w.]+\.(?:len|count)\(\)", text) is not None
    if counts and len(by_count) >= 2 and len(by_count) == len([c for c in cases if c.answers]):
        first, shown = by_count[0], ", ".join(by_count[0].answers)
        yield first.line, f"`{item.name}` picks {shown}, which the tests expect, by the number of inputs"


def _is_no_name(case: SpecialCase) -> bool:
    """Whether an input is none of a vocabulary: several values at once, a sentence, a number for a number."""
    numbers = [key for key in case.keys if key[:1].isdigit()]
    answers = [answer for answer in case.answers if answer[:1].isdigit()]
    if any(key.startswith('"') and not is_trivial(key) and not _WORD.match(key) for key in case.keys):
        return True
    telling = any(not is_trivial(key) for key in numbers)
    return bool(telling and answers and (len(case.keys) > 1 or any(float(a) >= 100 for a in answers)))


class _Tests:
    """What the tests that name a function hold.

    Args:
        tree: The tree.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._held: dict[str, list[frozenset[str]]] = {}

    def hold(self, name: str, case: SpecialCase) -> bool:
        """Whether one test that names a function holds a case's input and its answer."""
        if not case.answers:
            return False
        wanted = {*case.keys, *case.answers}
        return any(wanted <= held for held in self._of(name))

    def expect(self, name: str, answers: Sequence[str]) -> bool:
        """Whether one test that names a function holds these answers."""
        return any(set(answers) <= held for held in self._of(name))

    def _of(self, name: str) -> list[frozenset[str]]:
        if name not in self._held:
            word = re.compile(rf"\b{re.escape(name)}\b".encode())
            self._held[name] = [
                frozenset(literals_below(item.body)) | _arguments(item)
                for path in self._tree.rust_paths
                if word.search(self._tree.read(path))
                for item in self._tree.rust(path).functions
                if item.is_test and item.body is not None and word.search(item.node.text or b"")
            ]
        return self._held[name]


def _arguments(test: Item) -> frozenset[str]:
    """The literals in a test's attributes: cases of parametrised tests."""
    from ironwright.gates.rust.special_cases import plain_literal

    found = re.findall(r'"(?:[^"\\]|\\.)*"|\b\d[\w.]*', " ".join(test.attributes))
    return frozenset(plain_literal(text) for text in found)
