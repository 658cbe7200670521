"""Runs new tests on wrong versions of the code that a change brings, and tells which of them do not care.

All wrong versions are in one build, each behind a switch. A test notices one when it fails because of it in
its own words: where it asserts or unwraps, not where the code under test happens to panic. Honest tests
notice something in the first run, in which every changed function answers wrongly; only those that do not
are run against every version alone, and are then asked whether they came by it at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.chosen_tests import run_chosen
from ironwright.gates.mutation.runtime import CHOICE
from ironwright.gates.mutation.wrong_versions import (
    CONDITION,
    ENTRY,
    NUMBER,
    OPERATOR,
    PRINT,
    SKIP,
    VALUE,
    VARIANT,
    Unit,
    WrongVersions,
    is_variant,
)
from ironwright.gates.redness.code_changes import CodeChanges, CodeItem
from ironwright.gates.redness.red_tests import cases_of
from ironwright.gates.rust.items import descend, node_text
from ironwright.host import clock
from ironwright.host.test_output import Outcome, TestCase
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.subject import Subject

# Each round leaves out what the compiler refused; types, then borrows, then lints speak up one after another.
_ROUNDS = 8
# A wrong version may loop: a test program gets this many times what the slowest took, and at least so long.
_TIMES, _LEAST_SECONDS = 5.0, 10.0
_TOGETHER: Final = (VALUE, VARIANT, SKIP, PRINT, CONDITION, OPERATOR, NUMBER)


@dataclass
class Noticed:
    """What became of the new tests.

    Attributes:
        caring: They notice at least one wrong version.
        indifferent: They come by wrong answers and notice none; with the function that answered wrongly.
        idle: They name a function that the change brings, and do not run it; with that function.
        untold: They notice nothing, and nothing that they run could be made to answer otherwise for certain.
        left: They were not judged within the budget.
        functions: How many functions have wrong versions.
        versions: How many of these were built.
        seconds: Wall time of all.
        evidence: The build.
    """

    caring: list[CodeItem] = field(default_factory=list)
    indifferent: list[tuple[CodeItem, CodeItem]] = field(default_factory=list)
    idle: list[tuple[CodeItem, CodeItem]] = field(default_factory=list)
    untold: list[CodeItem] = field(default_factory=list)
    left: list[CodeItem] = field(default_factory=list)
    functions: int = 0
    versions: int = 0
    seconds: float = 0.0
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, eq=False)
class _Asked:
    """A test with its cases (label of the program, name) and the names in its body."""

    test: CodeItem
    cases: frozenset[tuple[str, str]]
    words: frozenset[str]


class Noticing:
    """Judges new tests.

    Args:
        subject: The change; head's tests must have run.
        changes: What it does to code.
        budget: Seconds of wall time for running wrong versions; the build is not counted.
    """

    def __init__(self, subject: Subject, changes: CodeChanges, budget: float) -> None:
        self._subject = subject
        self._changes = changes
        self._budget = budget
        slowest = max((run.done.seconds for run in subject.cargo.tests.programs), default=0.0)
        self._limit = max(_LEAST_SECONDS, _TIMES * slowest)
        self._deadline = 0.0

    def judge(self, tests: Sequence[CodeItem]) -> Noticed | None:
        """Judge tests that pass on head.

        Returns:
            What they notice; None where no changed function can be made to answer wrongly.

        Raises:
            Unknown: The wrong versions cannot be built.
        """
        started = clock.seconds()
        versions = WrongVersions(self._subject, self._changes.functions)
        asked = [asked for test in tests if (asked := self._ask(test)).cases]
        if not versions.functions or not asked:
            return None
        facts = self._build(versions)
        self._deadline = clock.seconds() + self._budget
        found = Noticed(functions=len(versions.functions), evidence=facts.build.evidence)
        found.versions = sum(len(versions.units(kind)) for kind in _TOGETHER)
        pending = list(asked)
        for kind in _TOGETHER:
            if pending and versions.units(kind):
                pending = self._unmoved(facts, kind, pending, found)
        if pending:
            self._one_by_one(facts, versions, pending, found)
        found.seconds = clock.seconds() - started
        return found

    def _ask(self, test: CodeItem) -> _Asked:
        cases = frozenset(
            (program.label, case.name)
            for program, case in cases_of(self._subject.cargo.tests, test)
            if case.outcome is Outcome.PASSED
        )
        support = {found.item.name: _words(found) for found in self._changes.test_support}
        words, todo = set(_words(test)), list(_words(test))
        while todo:
            fresh = support.get(todo.pop(), frozenset()) - words
            words |= fresh
            todo += fresh
        return _Asked(test, cases, frozenset(words))

    def _build(self, versions: WrongVersions) -> CargoFacts:
        for _ in range(_ROUNDS):
            written = versions.written()
            self._subject.progress("building wrong versions of the changed functions")
            files: dict[str, bytes | None] = {path: file.source for path, file in written.items()}
            facts = self._subject.make_mixed("mutated", "head", files)
            build = facts.build
            if build.ok:
                return facts
            guilty: set[Unit] = set()
            for error in build.errors:
                place = error.place
                path = error.path
                if place is not None and path in written:
                    guilty |= written[path].guilty(place.line or 1, place.column or 1)
            if not guilty:
                said = build.errors[0].message if build.errors else "cargo does not say why"
                raise Unknown(
                    f"wrong versions of the changed functions do not compile: {said}", build.evidence
                )
            versions.leave_out(guilty)
        raise Unknown(f"wrong versions of the changed functions do not compile in {_ROUNDS} rounds")

    def _run(
        self, facts: CargoFacts, choice: str, asked: Iterable[_Asked]
    ) -> dict[tuple[str, str], TestCase]:
        chosen: dict[str, set[str]] = defaultdict(set)
        for each in asked:
            for label, name in each.cases:
                chosen[label].add(name)
        runs = run_chosen(facts, dict(chosen), self._limit, env={CHOICE: choice})
        return {(run.program.label, case.name): case for run in runs for case in run.cases}

    def _unmoved(
        self, facts: CargoFacts, choice: str, pending: Sequence[_Asked], found: Noticed
    ) -> list[_Asked]:
        """Run tests under a choice; those that notice are settled, the others are given back."""
        ended = self._run(facts, choice, pending)
        unmoved = []
        for each in pending:
            if any(self._is_noticed(ended[case]) for case in each.cases if case in ended):
                found.caring.append(each.test)
            else:
                unmoved.append(each)
        return unmoved

    def _is_noticed(self, case: TestCase) -> bool:
        """Whether a test failed in its own words; where a panic's place is not known it is believed."""
        if case.outcome is not Outcome.FAILED:
            return False
        if case.path is None or case.line is None:
            return True
        head = self._subject.head
        if case.path not in head.rust_paths:
            return True
        if case.path in head.test_files:
            return True
        # The mutated file has more lines at its end only: the lines of its own text stay what they were.
        return case.line in head.test_lines(case.path)

    def _one_by_one(
        self, facts: CargoFacts, versions: WrongVersions, pending: list[_Asked], found: Noticed
    ) -> None:
        """Try each function's wrong answer alone on tests that noticed nothing yet; then ask who came by."""
        decisive = [unit for kind in (VALUE, VARIANT, SKIP, PRINT) for unit in versions.units(kind)]
        for unit in decisive:
            if not pending:
                return
            if clock.seconds() > self._deadline:
                found.left += [each.test for each in pending]
                return
            concerned = [each for each in pending if _may_run(each, unit)]
            if concerned:
                unmoved = self._unmoved(facts, str(unit.number), concerned, found)
                pending = [each for each in pending if each not in concerned or each in unmoved]
        came: dict[int, CodeItem] = {}
        for unit in decisive:
            assert unit.function is not None
            if unit.kind == VALUE and is_variant(unit.function.item.return_type or ""):
                continue  # the test may look at nothing but whether there is something
            concerned = [each for each in pending if _may_run(each, unit) and id(each) not in came]
            if concerned and clock.seconds() <= self._deadline:
                died = self._run(facts, f"{unit.number}!", concerned)
                for each in concerned:
                    if any(_died(died.get(case)) for case in each.cases):
                        came[id(each)] = unit.function
        silent = [each for each in pending if id(each) not in came]
        passers = self._run(facts, f"{ENTRY}!", silent) if silent else {}
        for each in pending:
            if id(each) in came:
                found.indifferent.append((each.test, came[id(each)]))
                continue
            named = self._named(versions, each)
            if named is not None and not any(_died(passers.get(case)) for case in each.cases):
                found.idle.append((each.test, named))
            else:
                found.untold.append(each.test)

    def _named(self, versions: WrongVersions, each: _Asked) -> CodeItem | None:
        """A function that only the change brings and that a test names, where it names nothing else of it."""
        others = {item.item.name for item in self._changes.items if item.item.kind != "function"}
        if each.words & others:
            return None
        watched = {id(unit.function) for unit in versions.units(ENTRY)}
        if len(watched) < len(versions.functions):
            return None
        return next(
            (found for found in versions.functions if found.new and found.item.name in each.words), None
        )


def _may_run(each: _Asked, unit: Unit) -> bool:
    """Whether a test may look at a function: it names it, or starts the program that prints."""
    assert unit.function is not None
    return unit.kind == PRINT or unit.function.item.name in each.words


def _died(case: TestCase | None) -> bool:
    return case is not None and case.outcome in (Outcome.FAILED, Outcome.UNFINISHED)


def _words(found: CodeItem) -> frozenset[str]:
    return frozenset(node_text(node) for node in descend(found.item.node) if node.type.endswith("identifier"))
