"""Refuses tests that prove nothing: empty, without an assertion, true by construction, or switched off.

What it checks:
    Every test that the change adds or alters (scope ``all``: every test) can fail when the code is wrong.
    Refused are a test with an empty body; with ``todo!``; with assertions that are always true
    (``assert!(true)``, two literals, ``is_ok() || is_err()``, a variable compared with itself) and
    nothing else; an assertion that ``|| true`` or ``|| cfg!(test)`` switches off; without any assertion,
    where its helpers and macros are looked up in the repository; one that is ``#[ignore]`` without a
    reason; one that returns before all of its assertions on what the code under test itself answers;
    ``#[should_panic]`` that its own ``panic!`` satisfies in any case; and, of what the change adds, tests
    in files that no target holds, tests behind a feature that enables nothing but tests, and functions of
    test code that assert something and that nothing runs. A test that only unwraps results proves that
    nothing failed: a remark, unless ``allow_unwrap_only`` is off. Accepted are tests judged by what they
    return, tests of types (``assert_send::<T>()``), tests whose name says that not panicking is the
    point, comparisons with itself in tests named after equality or order, and macros that are defined
    elsewhere.

Why:
    A green stub is counted as a tested feature.

Evidence:
    The number of tests looked at in the committed tree.

Unknown when:
    The parser finds no sense in a file in scope. Tests that a macro makes are not seen.
"""

from __future__ import annotations

import re

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.assertions import read_assertions
from ironwright.gates.rust.expressions import uses
from ironwright.gates.rust.items import Item, descend, node_text
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.rust.tests import (
    TestReader,
    ignored_without_reason,
    is_asserting_macro,
    is_empty,
    is_judged,
    panics_by_itself,
    tautology,
    unfinished_macro,
)
from ironwright.gates.subject import Subject
from ironwright.gates.suites.never_run import never_run
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_EMPTY_KIND = (
    r"(?:stub(?:bed)?s?|placeholder|meaningless|trivial|empty|dummy|fake|tautological|vacuous|no-op|"
    r"useless|hollow)"
)

_CALLED = re.compile(r"\b([a-z_]\w*)\s*\(")

GATE = Gate(
    id="stub_tests",
    summary="tests that prove nothing",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b{_EMPTY_KIND}(?:\s+or\s+{_EMPTY_KIND}|,\s*{_EMPTY_KIND})*\s+(?:unit |integration )?tests?\b",
            "Test actual business logic, never stub tests.",
            negative=True,
        ),
        Phrasing(
            r"\btests?\b[^.;]{0,20}\b"
            r"(?:always pass|(?:assert|prove|verify|check|test)s?\s+nothing|without assertions?)",
            "No tests that always pass.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:write|create|add|implement|ensure|include)\w*\s+(?:only\s+)?(?:\w+,?\s+)?"
            r"meaningful,?\s+(?:(?!tests?\b)\w+\s+)?tests?\b",
            "Write meaningful tests.",
        ),
        Phrasing(
            r"\b(?:every|each|all)\s+tests?\b[^.;]{0,20}\b(?:ha(?:s|ve)|contain|include|make)"
            r"s?\b[^.;]{0,15}\bassert",
            "Every test has at least one assertion.",
            params={"allow_unwrap_only": False},
        ),
        Phrasing(
            r"\bassert!?\(\s*true\s*\)",
            "Never write assert!(true).",
            negative=True,
        ),
        Phrasing(
            r"\btests?\s+(?:must|should|ha(?:s|ve) to|needs? to)\s+(?:always\s+|actually\s+|"
            r"really\s+)?(?:assert|prove|check|"
            r"(?:verify|exercise|test)\s+(?:real|actual|meaningful|true|observable|business))\b",
            "Tests must assert something.",
        ),
        Phrasing(
            r"^\W*(?:only\s+)?(?:test|verify|exercise)\s+(?:the\s+)?(?:real|actual|genuine)"
            r"\s+(?:\w+\s+)?(?:behaviou?rs?|logic|functionality|code)\b",
            "Test real behaviour.",
        ),
    ),
    params={
        "allow_unwrap_only": Param(
            bool,
            True,
            "Whether a test may do without assertions when it unwraps results.",
            stricter=lambda one, other: one and other,
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Judge the tests in scope."""
    judged, reader = TreeScope(subject, scope), TestReader(subject.head)
    failures, remarks, unreadable, seen = [], [], [], 0
    for path in judged.paths:
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        for test in file.functions:
            if not is_judged(test) or not judged.holds(file, test):
                continue
            seen += 1
            if problem := _problem(test, reader, file, params["allow_unwrap_only"]):
                failures.append(Finding(path, test.line, *problem))
            elif reader.judge(test).proof == "unwraps":
                remarks.append(Finding(path, test.line, f"`{test.name}` only proves that nothing failed"))
    if scope is Scope.CHANGED:
        for path, line, message, advice in never_run(subject):
            failures.append(Finding(path, line, message, advice))
    evidence = Evidence(
        "measure",
        f"tests looked at: {seen}",
        {"name": "tests", "value": seen, "unit": "tests", "stubs": len(failures)},
    )
    good = f"every test in scope can fail ({seen})" if seen else "no tests in scope"
    return settle(failures, remarks, unreadable, good, f"tests that prove nothing: {{n}} of {seen}", evidence)


_ASSERT = "Assert what the code under test returns or does, so that the test fails when it is wrong."


def _empty_table(test: Item, file: RustFile) -> str | None:
    """A constant without any entry that the test loops over."""
    empty = {
        item.name
        for item in file.items
        if item.kind in ("const", "static")
        and (value := item.node.child_by_field_name("value")) is not None
        and "".join(node_text(value).split()).lstrip("&") == "[]"
    }
    for node in descend(test.body) if test.body is not None and empty else ():
        if node.type == "for_expression" and (value := node.child_by_field_name("value")) is not None:
            found = next((name for name in empty if re.match(rf"&?\s*{name}\b", node_text(value))), None)
            if found is not None:
                return found
    return None


def _problem(
    test: Item, reader: TestReader, file: RustFile, allow_unwrap_only: bool
) -> tuple[str, str] | None:
    """What is wrong with a test, and what to do; None where it may stand."""
    if is_empty(test):
        return f"the test `{test.name}` is empty", _ASSERT
    if name := unfinished_macro(test):
        return f"the test `{test.name}` is unfinished: `{name}!`", "Write the test, or take it out."
    if ignored_without_reason(test):
        return (
            f"the test `{test.name}` is ignored without a reason",
            'Let it run, or write `#[ignore = "why, and when it can run"]`.',
        )
    if panics_by_itself(test):
        return (
            f"the test `{test.name}` should panic, and panics by itself",
            "Call the code that must panic, and name its message with `expected`.",
        )
    if any(text.startswith("should_panic") for text in test.attributes):
        return None
    if name := _empty_table(test, file):
        return f"the test `{test.name}` goes through `{name}`, which is empty", _ASSERT
    if said := _switched_off(test):
        return f"the test `{test.name}` {said}, which is always true", _ASSERT
    judgement = reader.judge(test)
    if judgement.proof == "tautology":
        return f"the test `{test.name}` {judgement.detail}, which is always true", _ASSERT
    if judgement.proof == "nothing":
        return (
            f"the test `{test.name}` asserts nothing",
            f"{_ASSERT} If not panicking is the point, say so in its name (`…_does_not_panic`).",
        )
    if name := _answered_first(test):
        return (
            f"the test `{test.name}` leaves before all of its assertions, on what `{name}` itself answers",
            "Assert that answer instead of returning on it.",
        )
    if judgement.proof == "unwraps" and not allow_unwrap_only:
        return f"the test `{test.name}` only unwraps and asserts nothing", _ASSERT
    return None


def _switched_off(test: Item) -> str | None:
    """An assertion that something behind ``||`` makes true, whatever else the test asserts."""
    for use in uses(test.body) if test.body is not None else ():
        if use.kind == "macro" and is_asserting_macro(use.name):
            said = tautology(use, test.name)
            if said is not None and "… ||" in said:
                return said
    return None


def _answered_first(test: Item) -> str | None:
    """The function under test whose own answer decides, by an early return, whether anything is asserted.

    To leave where the surroundings lack something (a tool, a network) is another matter: what is asked
    then is not what is asserted afterwards.
    """
    assertions = read_assertions(test.body) if test.body is not None else []
    if not assertions:
        return None
    for called in _CALLED.findall(" ".join(assertions[0].guards)):
        if all(
            called in found.words and any(guard.startswith("behind `if") for guard in found.guards)
            for found in assertions
        ):
            return str(called)
    return None
