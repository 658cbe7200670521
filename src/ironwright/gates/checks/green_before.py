"""Refuses a change whose new tests pass without it: nobody has seen them red.

What it checks:
    The new and changed tests of the change are put on the code of base, and must fail there: at run time,
    or because they use what only the change brings. Tests that cannot be compiled on base for what the
    change adds count as failing; the smallest test function around each compiler error is cut until the
    rest builds and runs. At least one new test must be red; those that pass on base too are remarks.
    To fail for the compiler takes no more than a name. So the tests that base could not compile are run
    on head once more with a panic at the entry of every function that the change adds or alters: one that
    still passes, and is about no value, type, macro or ``const fn`` of the change either, tests nothing of
    the change and fails the gate.
    A change of code without any new test is accepted only where the tests that exist run every changed
    line of it and still pass (a refactoring); what no test runs is refused.

Why:
    A test that was never seen failing may test nothing: it can pass for a reason that has nothing to do
    with the change. Writing it first shows the opposite, and this is the proof of it that does not depend
    on the order of commits.

Evidence:
    The build and run of base's code with head's tests (commands, exit codes), and how many of the new
    tests failed and passed there; the same for head's code with its changed functions gutted; for a change
    without new tests the coverage of its lines.

Unknown when:
    There is no commit before the change; base's code with the new tests does not build for a reason
    outside the tests; the new tests do not run at all; the compiler's reasons are not about anything that
    the change adds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.redness.code_changes import CodeChanges, CodeItem
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.redness.red_tests import RedTests

_TEST = (
    r"(?:tests|(?:a|the|each|every|one|failing|unit) test|"
    r"(?:writ\w*|add|create) (?:a |the )?(?:\w+ )?tests?)"
)
_TEST_FIRST = rf"{_TEST}\b[^.;]{{0,60}}\b(?:before|prior to|precedes?|ahead of)\b[^.;]{{0,40}}"
_CODE = (
    r"(?:implement\w*|(?<!pushing )(?<!committing )(?<!merging )(?<!submitting )(?<!delivering )"
    r"code\b|coding|writing\b(?! (?:any |new |the |more )*tests?))"
)

GATE = Gate(
    id="green_before",
    summary="new tests that pass without the change",
    cost=Cost.REBUILD,
    requires=("compile_errors", "failing_tests"),
    tools=("cargo", "rustc"),
    inputs=("code", "toolchain"),
    scopes=(Scope.CHANGED,),
    phrasings=(
        Phrasing(rf"\b{_TEST_FIRST}{_CODE}", "Tests must be written before implementation."),
        Phrasing(r"\b(?:test[- ]driven|TDD)\b(?!\s*(?:development\s*)?(?:\(TDD\)\s*)?:|\s+(?:mindset|"
                 r"thinking|culture|attitude|philosophy|"
                 r"advocate))", "Write all code following TDD principles."),
        Phrasing(r"\btests?[- ]first\b", "Work test-first."),
        Phrasing(
            r"\b(?:write|start with|begin with|add|create)\b[^.;]{0,40}\bfailing tests?\b",
            "Start with a failing test that shows the bug.",
        ),
        Phrasing(
            r"\bred[-, /→>]+(?:to[- ])?green(?:[-, /→>]+refactor)?\b(?!\W+(?:blue|yellow|amber))",
            "Follow red-green-refactor.",
        ),
        Phrasing(
            r"\b(?:see|watch|confirm|verify|ensure|make sure)\b[^.;]{0,30}\btests?\b[^.;]{0,20}\bfails?\b",
            "Watch the test fail before you make it pass.",
        ),
        Phrasing(
            r"\bregression tests?\b[^.;]{0,60}\b(?:fix|bug)",
            "Add a regression test for every bug fix.",
            strength=Strength.HARD,
        ),
        Phrasing(r"\btests? (?:come|comes|go|goes|must come|are written|is written|must be written) "
                 r"first\b|\btests? first\b",
                 "Tests come first."),
        Phrasing(r"\b(?:bug|bugs|bug ?fix(?:es)?|fix(?:es)?|defects?)\b[^.;]{0,30}\b(?:needs?|"
                 r"requires?|must (?:have|come with|include|be accompanied by)|"
                 r"gets?|comes? with|with)\b[^.;]{0,15}\bregression tests?\b",
                 "Every bug fix needs a regression test."),
        Phrasing(r"\btests? (?:that|which) (?:would )?fails? (?:without|before|on the old)\b|"
                 r"\b(?:new|added) tests? (?:must|should|have to) fail "
                 r"(?:before|without|first|on)\b",
                 "New tests must fail before the change and pass after it."),
        Phrasing(r"\b(?:watch|see|confirm|check|verify)(?: that)? (?:it|them|the test|each test|the "
                 r"tests) fails?\b"
                 r"|\bmake sure (?:that )?(?:it|they) fails? first\b",
                 "Write the test, watch it fail, then implement."),
        Phrasing(r"\b(?:reproduce|pin down|capture|demonstrate|prove)\b[^.;]{0,30}\b(?:with|by|in|"
                 r"through|using)\b[^.;]{0,15}\bfailing tests?\b",
                 "Reproduce the bug with a failing test."),
        Phrasing(r"\b(?:no|never)\b[^.;]{0,40}\b(?:code|implementation)\s+(?:before|without|until)"
                 r"\b[^.;]{0,15}\b(?:failing tests?|its tests?|"
                 r"the tests?|a test)\b",
                 "Never write implementation code before its tests.", negative=True),
    ),
)  # fmt: skip


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Judge the change; see the module's text."""
    del params, scope  # it has none, and can judge nothing but the change
    if subject.base is None:
        raise Unknown("there is no commit before the change on which its tests could be seen failing")
    _demand_readable(subject)
    changes = CodeChanges(subject)
    if not changes.items:
        return passed("no code outside tests changed")
    from ironwright.gates.redness.red_tests import find_red_tests, wanted_tests

    if not wanted_tests(changes):
        return _without_new_tests(subject, changes)
    found = find_red_tests(subject, changes)
    total = len(wanted_tests(changes))
    if found.red:
        return _with_red_tests(subject, changes, found, total)
    if found.unproved:
        test, why = found.unproved[0]
        raise Unknown(f"no new test was seen failing on base; {test.item.name} {why}", tuple(found.evidence))
    advice = "Make it assert what the change brings, so that it fails on the code before the change."
    findings = tuple(
        _finding(test, f"the test {test.item.name} passes without the change", advice) for test in found.green
    )
    return failed(f"all {total} new or changed tests pass without the change", findings, *found.evidence)


def _with_red_tests(subject: Subject, changes: CodeChanges, found: RedTests, total: int) -> Answer:
    """New tests fail on base; those that only the compiler refused there must run the change."""
    remarks = [
        _finding(test, f"the test {test.item.name} passes without the change too", "") for test in found.green
    ]
    evidence = list(found.evidence)
    seen_failing = {id(test) for test in found.ran_red}
    compiled_out = [test for test, _ in found.red if id(test) not in seen_failing]
    reason = f"{len(found.red)} of {total} new or changed tests fail without the change"
    if compiled_out:
        from ironwright.gates.redness.gutted_tree import run_on_gutted

        try:
            gutted = run_on_gutted(subject, changes, compiled_out)
        except Unknown as unknown:
            # That base refuses them is known nevertheless; what could not be added to it is said.
            remarks.append(Finding(None, None, f"the second proof could not be made: {unknown.reason}"))
            return passed(reason, *evidence, *unknown.evidence, findings=tuple(remarks))
        if gutted is not None:
            evidence += gutted.evidence
            if gutted.hollow:
                return _hollow(gutted.hollow, evidence)
            remarks += [
                _finding(test, f"the test {test.item.name} {why}", "") for test, why in gutted.unproved
            ]
    return passed(reason, *evidence, findings=tuple(remarks))


def _hollow(tests: list[CodeItem], evidence: list[Evidence]) -> Answer:
    findings = tuple(
        _finding(
            test,
            f"the test {test.item.name} still passes when every function that the change adds or alters "
            "panics at once: it runs none of them",
            "Call what the change brings and assert what it answers.",
        )
        for test in tests
    )
    return failed(f"new tests that run nothing of the change: {len(tests)}", findings, *evidence)


def _demand_readable(subject: Subject) -> None:
    for path in sorted(subject.change.files):
        for tree in (subject.base, subject.head):
            if tree is None or not path.endswith(".rs") or path not in tree.paths:
                continue
            errors = tree.rust(path).error_lines
            if errors:
                raise Unknown(
                    f"{path}:{errors[0]} was not understood by the parser, so its tests cannot be told"
                )


def _without_new_tests(subject: Subject, changes: CodeChanges) -> Answer:
    """A change without new tests is a refactoring, if the tests that exist run all of it."""
    values = [found for found in changes.items if found.item.kind in ("const", "static") and not found.new]
    functions = changes.functions
    advice = "Add a test that fails without the change."
    if not functions and not values:
        return passed("only declarations changed, and they hold no code that a test could run")
    findings = [
        _finding(found, f"the value of {found.item.name} changed and no test with it", advice)
        for found in values
    ]
    evidence: tuple[Evidence, ...] = ()
    if functions:
        coverage = subject.cargo.coverage
        evidence = coverage.evidence
        for found in functions:
            lines = coverage.lines.get(found.path, {})
            added = subject.change.files[found.path].added_lines
            idle = [
                n for n, runs in sorted(lines.items()) if n in found.item.lines and n in added and runs == 0
            ]
            if idle:
                word = "new" if found.new else "changed"
                message = f"{found.item.name} is {word}, no test is, and none that exists runs this line"
                findings.append(Finding(found.path, idle[0], message, advice))
    if findings:
        return failed("code changed without a test that shows it", tuple(findings), *evidence)
    return passed("no test is new, and the tests that exist run every changed line and still pass", *evidence)


def _finding(found: CodeItem, message: str, advice: str) -> Finding:
    return Finding(found.path, found.item.line, message, advice)
