"""Refuses new tests that run the changed code and do not care what it answers.

What it checks:
    The new and changed tests of the change are run on wrong versions of the functions that the change
    adds or alters: every answer another one, bodies left out, other words printed, conditions turned,
    operators and numbers replaced. All of them are in one build, each behind a switch, so that this takes
    seconds. A test that passes whichever of them is active, although the run shows that it got a wrong
    answer, asserts nothing about the change, and is refused. So is one that names a new function and
    never runs it. A test counts as noticing only where it fails in its own words (an assertion, an
    ``unwrap``), not where the code under test panics for being wrong.

Why:
    A test without consequences is the usual way to report a feature as tested: it asserts its own input,
    what every answer is, or nothing at all behind a closure, a thread or a condition.

Evidence:
    The build of the wrong versions (command, exit code), how many there are, and how many tests notice one.

Unknown when:
    Head's tests did not run. Where the wrong versions cannot be built, where the answers of the changed
    functions are of types that cannot be varied, or where the time is over, the tests concerned are
    remarks: nothing speaks against them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.redness.code_changes import CodeChanges, CodeItem
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.mutation.noticing import Noticed

GATE = Gate(
    id="indifferent_tests",
    summary="new tests that do not care what the changed code answers",
    cost=Cost.REBUILD,
    phrasings=(
        Phrasing(
            r"\btests?\b[^.;]{0,30}\b(?:must|should|would|can|could)\s+(?:\w+\s+)?fail\b[^.;]{0,30}"
            r"\b(?:wrong|broken|incorrect|breaks?)\b",
            "Every test must fail when the code is wrong.",
        ),
        Phrasing(
            r"\btests?\b[^.;]{0,30}\b(?:verify|check|assert)s?\b[^.;]{0,30}\b(?:behaviou?r|results?|"
            r"outcomes?)\b"
            r"[^.;]{0,20}\b(?:not (?:just|only|merely)|rather than)\b",
            "Tests verify behavior, not just that code runs.",
        ),
    ),
    params={
        "budget_seconds": Param(int, 120, "Seconds after which no other wrong version is tried."),
    },
    requires=("compile_errors", "failing_tests"),
    tools=("cargo", "rustc"),
    inputs=("code", "toolchain"),
    scopes=(Scope.CHANGED,),
)

_ASSERT = "Assert what the function answers for an input whose right answer you know."


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Try the new tests on wrong versions of the change."""
    del scope  # it judges what the change adds
    changes = CodeChanges(subject)
    tests = [found for found in changes.tests if not _is_exempt(found)]
    if not tests or not changes.functions:
        return passed("no function changed together with a test")
    from ironwright.gates.mutation.noticing import Noticing

    if not subject.cargo.tests.ok:
        raise Unknown("the tests do not pass as it is; see failing_tests")
    try:
        noticed = Noticing(subject, changes, params["budget_seconds"]).judge(tests)
    except Unknown as unknown:
        remark = Finding(None, None, f"the new tests were not tried on wrong code: {unknown.reason}")
        return passed("nothing is known against the new tests", *unknown.evidence, findings=(remark,))
    if noticed is None:
        return passed("no changed function can be made to answer wrongly")
    findings = tuple(_finding(test, function) for test, function in noticed.indifferent) + tuple(
        _idle(test, function) for test, function in noticed.idle
    )
    evidence = (*noticed.evidence, _measure(noticed, len(tests)))
    if findings:
        return failed(
            f"new tests that do not care what the change answers: {len(findings)}", findings, *evidence
        )
    remarks = [
        Finding(found.path, found.item.line, f"`{found.item.name}` was not shown to notice wrong answers")
        for found in (*noticed.untold, *noticed.left)
    ]
    return passed(
        f"{len(noticed.caring)} of {len(tests)} new tests notice when the change answers wrongly",
        *evidence,
        findings=tuple(remarks),
    )


def _is_exempt(found: CodeItem) -> bool:
    """Ignored tests do not run; others look at no answer: they expect a panic, or only that there is none."""
    from ironwright.gates.rust.assertions import read_assertions
    from ironwright.gates.rust.attributes import attribute_name
    from ironwright.gates.rust.tests import is_about_not_panicking

    if {attribute_name(text) for text in found.item.attributes} & {"ignore", "should_panic", "bench"}:
        return True
    body = found.item.body
    return body is None or (is_about_not_panicking(found.item.name) and not read_assertions(body))


def _finding(test: CodeItem, function: CodeItem) -> Finding:
    return Finding(
        test.path,
        test.item.line,
        f"the test `{test.item.name}` passes whatever `{function.item.name}` "
        f"({function.path}:{function.item.line}) answers",
        _ASSERT,
    )


def _idle(test: CodeItem, function: CodeItem) -> Finding:
    return Finding(
        test.path,
        test.item.line,
        f"the test `{test.item.name}` names `{function.item.name}` "
        f"({function.path}:{function.item.line}) and never runs it",
        "Call it and assert what it answers.",
    )


def _measure(noticed: Noticed, total: int) -> Evidence:
    data = {
        "name": "new tests on wrong versions",
        "value": len(noticed.caring),
        "unit": "tests",
        "tests": total,
        "indifferent": len(noticed.indifferent),
        "idle": len(noticed.idle),
        "untold": len(noticed.untold),
        "not_tried": len(noticed.left),
        "functions": noticed.functions,
        "versions": noticed.versions,
        "seconds": round(noticed.seconds, 1),
    }
    said = (
        f"{noticed.versions} wrong versions of {noticed.functions} functions: "
        f"{len(noticed.caring)} of {total} new tests notice"
    )
    return Evidence("measure", said, data)
