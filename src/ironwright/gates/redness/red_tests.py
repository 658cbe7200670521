"""Which of a change's new tests fail on base's code, and how that was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.answers import Build, Tests
from ironwright.gates.cargo.facts import CargoFacts
from ironwright.gates.redness.code_changes import CodeChanges, CodeItem
from ironwright.gates.redness.red_tree import CompileError, Cut, RedTree, build_red_tree, cut_errors
from ironwright.gates.rust.attributes import attribute_name
from ironwright.host.cargo_messages import Diagnostic
from ironwright.host.cargo_tests import TestProgram
from ironwright.host.test_output import Outcome, TestCase
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject

# Each round cuts what the last one's errors named; real changes need one to four.
_ROUNDS = 12


@dataclass
class RedTests:
    """The new and changed tests of a change, by what they do on base's code.

    Attributes:
        red: They fail there, or cannot even be compiled because of what the change adds; with the reason.
        ran_red: Those of ``red`` that were built and seen failing there.
        green: They pass there.
        unproved: They were cut for an error that is not about the change, or did not run.
        evidence: The commands and how many tests each list has.
    """

    red: list[tuple[CodeItem, str]] = field(default_factory=list)
    ran_red: list[CodeItem] = field(default_factory=list)
    green: list[CodeItem] = field(default_factory=list)
    unproved: list[tuple[CodeItem, str]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


def wanted_tests(changes: CodeChanges) -> tuple[CodeItem, ...]:
    """The new and changed tests that run: not the ignored ones."""
    return tuple(
        found
        for found in changes.tests
        if not any(attribute_name(text) == "ignore" for text in found.item.attributes)
    )


def find_red_tests(subject: Subject, changes: CodeChanges) -> RedTests:
    """Run the change's new tests on base's code.

    Raises:
        Unknown: Base's code with head's tests cannot be built for a reason that is not the change's.
    """
    tree = build_red_tree(subject)
    found = RedTests()
    cuts: dict[tuple[str, str], Cut] = {}
    facts, build = _build(subject, tree, changes.names, cuts, found)
    ran = facts.tests
    found.evidence += [*build.evidence, *ran.evidence]
    homeless = {(path, item.qualified_name) for path, item in tree.homeless}
    for test in wanted_tests(changes):
        key = (test.path, test.item.qualified_name)
        cut = cuts.get(key) or _around(cuts, key)
        if key in homeless:
            found.red.append((test, "base has no place for it"))
        elif cut is not None and cut.attributed:
            found.red.append((test, f"does not compile on base: {cut.message}"))
        elif cut is not None:
            found.unproved.append((test, f"does not compile on base, but not for the change: {cut.message}"))
        else:
            _sort_by_outcome(found, test, outcomes_of(ran, test))
    counts = {"red": len(found.red), "green": len(found.green), "unproved": len(found.unproved)}
    said = f"new tests on base's code: {counts['red']} fail, {counts['green']} pass"
    found.evidence.append(Evidence("measure", said, {"name": "new_tests_on_base", **counts}))
    return found


def _build(
    subject: Subject,
    tree: RedTree,
    names: frozenset[str],
    cuts: dict[tuple[str, str], Cut],
    found: RedTests,
) -> tuple[CargoFacts, Build]:
    for number in range(_ROUNDS):
        subject.progress(f"building base's code with the new tests (round {number + 1})")
        facts = subject.make_mixed("red", "base", dict(tree.changes))
        build = facts.build
        if build.ok:
            return facts, build
        if build.problems:
            raise Unknown(
                f"base's code with the new tests cannot be built: {build.problems[0].message}", build.evidence
            )
        errors = [_compile_error(item) for item in build.errors]
        made, stray = cut_errors(subject, tree, errors, names)
        for cut in made:
            known = cuts.get((cut.path, cut.name))
            if known is None or not known.attributed:
                cuts[(cut.path, cut.name)] = cut
        if not made:
            first = stray[0] if stray else None
            where = f"{first.path}:{first.line}: {first.message}" if first else "cargo does not say why"
            raise Unknown(
                f"base's code with the new tests does not compile, and not in the tests: {where}",
                tuple(found.evidence) + build.evidence,
            )
    raise Unknown(f"base's code with the new tests does not compile after {_ROUNDS} rounds of cutting")


def _compile_error(item: Diagnostic) -> CompileError:
    place = item.place
    labels = " ".join(span.label for span in item.spans if span.label)
    message = f"{item.message} {labels}".strip()
    return CompileError(item.path, place.line if place else 1, place.column if place else 1, message)


def _around(cuts: dict[tuple[str, str], Cut], key: tuple[str, str]) -> Cut | None:
    """The cut of something that encloses the test (a module, a macro call)."""
    path, name = key
    parts = name.split("::")
    for length in range(len(parts) - 1, 0, -1):
        if cut := cuts.get((path, "::".join(parts[:length]))):
            return cut
    return None


def _sort_by_outcome(found: RedTests, test: CodeItem, outcomes: Iterable[Outcome]) -> None:
    seen = set(outcomes) - {Outcome.IGNORED}
    if seen & {Outcome.FAILED, Outcome.UNFINISHED}:
        found.red.append((test, "fails on base"))
        found.ran_red.append(test)
    elif seen:
        found.green.append(test)
    else:
        found.unproved.append((test, "did not run on base's code"))


def outcomes_of(ran: Tests, test: CodeItem) -> list[Outcome]:
    """How the harness says that a test function ended; several where a macro makes cases of it."""
    return [case.outcome for _, case in cases_of(ran, test)]


def cases_of(ran: Tests, test: CodeItem) -> list[tuple[TestProgram, TestCase]]:
    """What the harness lists for a test function, with its program.

    A name ends with the path inside the file, perhaps followed by a case's name. Of several that do, those
    of the file's own target, and then those under the file's own module path, are meant.
    """
    inside = re.compile(rf"(?:^|::){re.escape(test.item.qualified_name)}(?:$|::)")
    module = _module_path(test.path)
    matches: list[tuple[int, TestProgram, TestCase]] = []
    for program in ran.programs:
        own_target = program.program.target.source == test.path
        for case in program.cases:
            if inside.search(case.name):
                own_module = bool(module) and case.name.startswith(module + "::")
                matches.append((2 * own_target + own_module, program.program, case))
    best = max((rank for rank, _, _ in matches), default=0)
    return [(program, case) for rank, program, case in matches if rank == best]


def _module_path(path: str) -> str:
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if "src" in parts:
        parts = parts[len(parts) - parts[::-1].index("src") :]
    if parts and parts[-1] in ("lib", "main", "mod"):
        parts = parts[:-1]
    return "::".join(parts)
