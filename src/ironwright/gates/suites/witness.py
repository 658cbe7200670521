"""Finds tests of the sources that no test program ran, whatever the programs say of themselves.

A test program is untrusted code: something in it can run before the harness, end the process, or write the
harness's log. Two things it does not write bear witness: the sources, which say what tests there are, and
the compiler's counters, which say whose code was executed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ironwright.gates.api import Unknown
from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.conditions import Built
from ironwright.gates.suites.suite import TestCode, TestSuite
from ironwright.gates.suites.targets import TestTargets
from ironwright.host.test_output import Outcome
from ironwright.records.errors import IronwrightError
from ironwright.records.verdict import Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.answers import Tests
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.subject import SourceTree

_ADVICE = (
    "Find what keeps it from running: a `main` or a macro in the harness's place, code that runs before it, "
    "or an early exit."
)
# Attributes beside `#[test]` that leave the body where it is.
_PLAIN = frozenset(
    {"test", "should_panic", "allow", "expect", "doc", "inline", "cfg", "cfg_attr", "rustfmt::skip"}
)


def unwitnessed(facts: CargoFacts, tree: SourceTree, tests: Tests) -> Iterator[Finding]:
    """Tests that a plain run should have run, and that no program listed or that were never entered.

    Args:
        facts: Cargo's answers about the tree.
        tree: The tree.
        tests: What the programs said.
    """
    declared = [test for test in _declared(tree) if test.reach.built is Built.YES]
    if not declared:
        return
    counters = _counters(facts, tests)
    listed: dict[str, set[Outcome]] = {}
    for run in tests.programs:
        for case in run.cases:
            for name in _endings(case.name):
                listed.setdefault(name, set()).add(case.outcome)
    for test in declared:
        outcomes = listed.get(test.qualified)
        if outcomes is None:
            message = f"{test.name} is a test, and no test program has it"
            yield Finding(test.path, test.line, message, _ADVICE)
        elif Outcome.PASSED in outcomes and _never_entered(test, counters.get(test.path, {})):
            message = f"{test.name} is said to have passed, and none of its lines was executed"
            yield Finding(test.path, test.line, message, _ADVICE)


def _declared(tree: SourceTree) -> Iterator[TestCode]:
    """Functions with a plain ``#[test]`` that no other attribute could turn into something else."""
    targets = TestTargets(tree)
    paths = [path for path in tree.rust_paths if b"#[test]" in tree.read(path)]
    for test in TestSuite(tree, paths, targets).tests:
        names = {attribute_name(text) for text in test.attributes}
        if test.kind == "function" and "test" in names and names <= _PLAIN:
            yield test


def _endings(name: str) -> Iterator[str]:
    parts = name.split("::")
    for start in range(len(parts)):
        yield "::".join(parts[start:])


def _counters(facts: CargoFacts, tests: Tests) -> Mapping[str, Mapping[int, int]]:
    """How often each line was executed; nothing where that was not measured."""
    if not tests.profiles:
        return {}
    try:
        return facts.coverage.everything
    except (Unknown, IronwrightError):
        return {}  # low_coverage says why; that the tests ran rests on the harness alone then


def _never_entered(test: TestCode, counters: Mapping[int, int]) -> bool:
    first, last = test.body.start_point.row + 1, test.body.end_point.row + 1
    own = [count for line, count in counters.items() if first <= line <= last]
    return bool(own) and not any(own)
