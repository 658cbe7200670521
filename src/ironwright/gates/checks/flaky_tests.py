"""Refuses tests that pass in one run and fail in another of the same tree.

What it checks:
    The tests run ``runs`` times more on head: once on one thread, then shuffled on eight threads with
    orders that the tree itself decides, and each new or changed test once alone. A test that does not end
    alike every time is refused. Scope ``changed`` lets those pass with a remark that are not new or changed
    and are as unsteady on base.

Why:
    A test that fails now and then teaches people to run tests until they pass. Its cause is often a fault of
    the code: a race, a shared file, a hidden order.

Evidence:
    How each unsteady test ended in each run, by the harness's log, with the seed that shuffles it again.

Unknown when:
    The tests cannot be built, or the time of ``budget_seconds`` ended before all runs were made and no test
    was unsteady. Tests that are unsteady more rarely than once in these runs are not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, judged
from ironwright.gates.cargo.findings import counted
from ironwright.gates.redness.code_changes import CodeChanges, CodeItem
from ironwright.gates.subject import Subject
from ironwright.host.test_output import Outcome, TestCase
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.repeated_tests import Key

_TESTS = r"(?:unit |integration |all |your |new |the |every |each )*tests?"

GATE = Gate(
    id="flaky_tests",
    summary="tests that pass in one run and fail in another",
    cost=Cost.TEST,
    phrasings=(
        Phrasing(r"\b(?:no|not|never|avoid|without|zero|n't|eliminate|remove|fix)\s+(?:\w+\s+){0,3}?"
                 r"(?:(?:flaky|flickering|intermittent(?:ly failing)?|non-?deterministic) tests?|"
                 r"test flakiness)\b",
                 "Leave no flaky tests.", negative=True),
        Phrasing(rf"\b{_TESTS} (?:must |should |have to |need to )?(?:always )?(?:be|are|is) "
                 r"(?:fully )?(?:deterministic|reproducible|repeatable|order[- ]independent|"
                 r"independent of (?:each other|one another|execution order|order))",
                 "Tests must be deterministic."),
        Phrasing(rf"\b(?:write|keep|make|ensure)\b[^.;]{{0,30}}\bdeterministic,? (?:\w+,? )?{_TESTS}",
                 "Write deterministic tests."),
        Phrasing(rf"\b{_TESTS}[^.;]{{0,30}}\b(?:run|pass|work)\w* in any order\b",
                 "Tests must pass in any order."),
        Phrasing(r"\b(?:flaky|non-?deterministic|intermittent(?:ly failing)?) tests?\s+(?:is|are)"
                 r"\s+(?:strictly\s+)?"
                 r"(?:never\s+|not\s+|un)(?:acceptable|allowed|tolerated|permitted|ok)\b|"
                 r"\b(?:flaky|non-?deterministic) tests?\s+(?:is|are)\s+(?:forbidden|bugs?|banned|"
                 r"prohibited)\b",
                 "Flaky tests are not acceptable."),
        Phrasing(rf"\b{_TESTS} (?:must|should|may|can|do) (?:not|never) (?:depend|rely) on\b[^.;]{{0,30}}"
                 r"\b(?:order|each other|one another|other tests|timing|time|sleep\w*|global state|"
                 r"shared state)\b",
                 "Tests must not depend on execution order."),
        Phrasing(rf"\b(?:never|no|not|n't|avoid)\b[^.;]{{0,20}}\b{_TESTS} (?:that|which) (?:depend|"
                 rf"rely)s? on\b[^.;]{{0,20}}"
                 r"\b(?:order|each other|timing|time|sleep\w*)\b|\b(?:never|no|not|n't|avoid)"
                 r"\s+(?:use\s+|using\s+)?(?:thread::)?sleeps?"
                 r"(?:\(\))?\s+in\s+tests?\b",
                 "Never write tests that rely on timing.", negative=True),
        Phrasing(rf"\b{_TESTS} (?:must |should |have to |need to |has to )?(?:always )?(?:be|are|is) "
                 rf"(?:fully |completely )?"
                 r"(?:independent|isolated|self-contained|hermetic)\b(?! of the (?:code|language|platform))",
                 "Tests must be isolated from each other."),
        Phrasing(r"\b(?:fix|repair|eliminate|remove)\s+(?:all\s+|any\s+|every\s+)?(?:flaky|"
                 r"non-?deterministic) tests?\b",
                 "Fix flaky tests instead of re-running them."),
        Phrasing(rf"\bkeep\b[^.;]{{0,15}}\b{_TESTS}\s+(?:\w+(?:,| and)"
                 rf"\s+){{0,3}}(?:and\s+)?(?:deterministic|reproducible|hermetic)\b",
                 "Keep tests fast and deterministic."),
        Phrasing(r"\b(?:introduce|add|create|leave|write)\w*\s+(?:any\s+|new\s+)?(?:flaky|"
                 r"non-?deterministic) tests?\b|\btest flakiness\b",
                 "Don't introduce flaky tests.", negative=True),
        Phrasing(rf"\b{_TESTS} never (?:depend|rely) on\b|\bdeterministic tests?\b[^.;]{{0,6}}\bno flak\w+",
                 "Tests never depend on each other."),
        Phrasing(r"^\W*(?:\w+:\s+)?no (?:randomness|timing dependenc\w+)\b[^.;]{0,40}\b(?:flaky|"
                 r"timing|order)\b",
                 "No randomness, timing dependencies, or flaky behavior."),
    ),
    params={
        "runs": Param(int, 4, "How often the tests run besides the first time.", stricter=max),
        "budget_seconds": Param(int, 900, "Seconds after which no other run is begun."),
    },
    requires=("compile_errors",),
    inputs=("code", "toolchain"),
)  # fmt: skip


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Run the tests again and compare."""
    from ironwright.gates.cargo.repeated_tests import repeat_tests
    from ironwright.gates.redness.red_tests import cases_of

    tests = subject.cargo.tests
    fresh: dict[Key, CodeItem] = {}
    for test in CodeChanges(subject).tests:
        for program, case in cases_of(tests, test):
            if case.outcome is not Outcome.IGNORED:
                fresh[(program.label, case.name)] = test
    subject.progress(f"running the tests {counted(params['runs'], 'time')} more")
    seed = int(subject.change.head_tree[:6], 16)
    found = repeat_tests(subject.cargo, list(fresh), params["runs"], params["budget_seconds"], seed)
    unsteady = found.unsteady
    known: set[Key] = set()
    suspects = [key for key in unsteady if key not in fresh]
    if suspects and scope is Scope.CHANGED and subject.base is not None:
        known = _unsteady_on_base(subject, params, seed) & set(suspects)
    shown = f"{counted(found.runs, 'run')} of {counted(len(found.endings), 'test')}"
    measure = Evidence(
        "measure",
        f"{shown}: {len(unsteady)} not always alike",
        {"name": "test runs", "value": found.runs, "unit": "runs", "seed": seed, "unsteady": len(unsteady)},
    )
    findings = tuple(_finding(subject, key, ends) for key, ends in unsteady.items() if key not in known)
    if not findings and not found.complete:
        raise Unknown(
            f"only {found.runs} of {params['runs'] + 1} runs were made within {params['budget_seconds']} s; "
            "raise budget_seconds",
            (*tests.evidence, measure),
        )
    good = (
        f"every test ended alike in {counted(found.runs, 'run')}" if not known else "no test became unsteady"
    )
    answer = judged(findings, good, "tests that do not always end alike: {n}", *tests.evidence, measure)
    remarks = tuple(_finding(subject, key, ends) for key, ends in unsteady.items() if key in known)
    return answer if findings else Answer(answer.status, answer.reason, remarks, answer.evidence)


def _unsteady_on_base(subject: Subject, params: Params, seed: int) -> set[Key]:
    from ironwright.gates.cargo.repeated_tests import repeat_tests

    subject.progress("running the tests of base as often")
    try:
        base = subject.make_mixed("base", "base", {})
        return set(repeat_tests(base, (), params["runs"], params["budget_seconds"], seed).unsteady)
    except Unknown:
        return set()  # base cannot be asked, so nothing excuses what head does


def _finding(subject: Subject, key: Key, ends: list[tuple[str, TestCase]]) -> Finding:
    label, name = key
    bad = [(run, case) for run, case in ends if case.outcome is not Outcome.PASSED]
    run, case = bad[0]
    message = (
        f"{name} in {label} passed in {len(ends) - len(bad)} of {counted(len(ends), 'run')}; "
        f"{run}: {case.message or 'it failed'}"
    )
    path, line = _declaration(subject, name)
    advice = "Take away what it shares with other tests: time, order, files, ports, global state, chance."
    return Finding(path, line, message, advice)


def _declaration(subject: Subject, name: str) -> tuple[str | None, int | None]:
    """Where a test is declared: the one test function of its name."""
    last = name.rpartition("::")[2]
    places = [
        (path, item.line)
        for path in subject.head.rust_paths
        if last.encode() in subject.head.read(path)
        for item in subject.head.rust(path).functions
        if item.name == last and item.is_test
    ]
    return places[0] if len(places) == 1 else (None, None)
