"""Refuses tests that the change took away, switched off, or made to demand less.

What it checks:
    Every test that a plain ``cargo test`` ran before the change still runs, and demands as much. A test is
    followed when it is moved, renamed or edited. Refused are: a test that is gone although what it tested is
    still there; one that lost its ``#[test]``, is ``#[ignore]``, stands under a ``cfg`` that does not hold,
    in a file that no target holds any more, or in a target with ``test = false``, ``harness = false``,
    ``autotests = false`` or features that are off; lost assertions, cases and documentation examples; an
    assertion that demands less (``assert_eq!`` became ``is_ok()``, ``==`` became ``>=``, a wider tolerance),
    that is behind a new condition, an early return or ``catch_unwind``, or in a loop over nothing; another
    expected value although the code under test is the same as before; ``#[should_panic]`` added, or its
    ``expected`` removed; fewer cases for property tests; and a macro that takes the name of an asserting
    one. Remarks are expected values that changed along with the code, and rewritten snapshots. Tests may go
    with the code that they test, be merged into tables, and be replaced by tests of the same things.

Why:
    The cheapest way to green is to ask for less.

Evidence:
    The number of tests before and after, and how many were followed, in the two committed trees.

Unknown when:
    The parser finds no sense in a changed file with tests. Tests that a macro of the repository makes are
    not seen one by one.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, passed
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_TEST = r"(?:the |any |all |existing |failing |other |old |unit |integration |regression )*tests?\b"
_WEAKEN = (
    r"(?:weaken|loosen|relax|water down|dilut|disabl|skip(?! commands)|ignor|delet|remov|comment(?:ing)? out|"
    r"bypass|cheat|gam(?:e|ing)\b|tamper with|hack)\w*"
)

GATE = Gate(
    id="weakened_tests",
    summary="tests that were removed, switched off or made to demand less",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b{_WEAKEN}(?:\s*(?:,|or|and|/)\s*(?:or\s+)?{_WEAKEN})*\s+{_TEST}(?! (?:failures?|output|data|"
            r"files? after))",
            "Never weaken or delete existing tests.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:modify|change|edit|alter|adjust|rewrite|updat)\w*\s+{_TEST}[^.;]{{0,30}}"
            r"\b(?:to (?:make (?:them|it) )?pass|so (?:that )?(?:they|it) pass|just to|"
            r"to (?:fit|match) the (?:code|implementation))",
            "Don't change tests to make them pass.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:weaken|loosen|relax|remov|delet)\w*\s+(?:the |any |existing )*(?:test )?assertions?\b",
            "Do not remove assertions.",
            negative=True,
        ),
        Phrasing(
            r"#?\[ignore\](?=.{0,60}\btests?\b)|\btests?\b.{0,40}#\[ignore\]",
            "Never mark a failing test as #[ignore].",
            negative=True,
        ),
        Phrasing(
            r"\b(?:keep|preserve|retain|leave)\b[^.;]{0,20}\b(?:all |every )?existing tests?\b"
            r"(?! (?:passing|green|pass))",
            "Keep all existing tests.",
        ),
        Phrasing(
            r"\btests?\s+(?:must|should|may|can|are|is)\s+(?:never|not)"
            r"\s+(?:to\s+)?(?:ever\s+)?(?:be\s+)?(?:weakened|loosened|removed|deleted|disabled|skipped|"
            r"ignored|commented out|relaxed|watered down|changed to pass|modified to pass)\b",
            "Tests must not be weakened.",
            negative=True,
        ),
        Phrasing(
            r"\bfix\s+the\s+(?:code|implementation|bug|source)\b[^.;]{0,10}\b(?:not|never|instead of|"
            r"rather than)\b[^.;]{0,12}\btests?\b",
            "Fix the code, not the test.",
        ),
        Phrasing(
            r"\b(?:modify|change|edit|alter|adjust|rewrite|updat)\w*\s+(?:a |the |any |existing "
            r")*tests?\b[^.;]{0,15}\bto (?:make|get) (?:it|them|the (?:build|suite)) (?:to )?pass\b",
            "Never edit a test just to make it pass.",
            negative=True,
        ),
        Phrasing(
            r"\bfix\s+(?:the\s+)?(?:\w+\s+)?(?:code|implementation|bug|source|cause)\b[^.;]{0,15}\b(?:not|"
            r"never|instead of|rather than)\s+(?:chang|edit|alter|adapt|adjust|modify|touch|rewrit)\w*\s+"
            r"(?:the |a |any |existing |its )*tests?\b",
            "Fix the underlying code rather than altering the test.",
        ),
        Phrasing(
            rf"\b{_WEAKEN}(?:\s*(?:,|or|and|/)\s*(?:or\s+)?{_WEAKEN})*\s+(?:an?|one|existing|any)\s+"
            r"(?:existing\s+|failing\s+|passing\s+|other\s+)*tests?\b(?! (?:failures?|output|data|file))",
            "Never weaken, ignore or delete an existing test.",
            negative=True,
        ),
    ),
    inputs=("head", "base", "toolchain"),
    scopes=(Scope.CHANGED,),
)

_ADVICE = "Take this back and repair the code; what the test should demand instead is for a person to decide."


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Follow the tests from base to head."""
    if subject.base is None:
        return passed("there was no test before the change")
    from ironwright.gates.suites.comparison import TestComparison

    comparison = TestComparison(subject)
    losses = list(comparison.losses())
    failures = [
        Finding(path, loss.line or None, loss.message, _ADVICE) for path, loss in losses if loss.grave
    ]
    remarks = [Finding(path, loss.line or None, loss.message) for path, loss in losses if not loss.grave]
    remarks += [
        Finding(path, None, "the snapshot was rewritten; look whether it should be")
        for path in _snapshots(subject)
    ]
    before, followed = comparison.counts
    evidence = Evidence(
        "measure",
        f"{before} tests in the files concerned before the change, {followed} of them found again",
        {
            "name": "tests before",
            "value": before,
            "unit": "tests",
            "found again": followed,
            "losses": len(failures),
        },
    )
    good = f"all {before} tests concerned still demand what they did" if before else "no test was touched"
    return settle(
        failures,
        remarks,
        comparison.unreadable,
        good,
        "{n} ways in which tests demand less than before",
        evidence,
    )


def _snapshots(subject: Subject) -> list[str]:
    base = subject.base
    return [
        file.path
        for file in subject.change.live_files
        if file.path.endswith(".snap") and base is not None and file.path in base.paths
    ]
