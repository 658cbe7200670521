"""Refuses changes whose code was written before their tests, where tests come first.

What it checks:
    In the run's worktree a new or changed test of the change was there before the first of the change's
    functions got its body. What counts is the last time that the code was as base had it, so work that began
    in the wrong order can be put right. A function whose body only panics (``todo!()``) is no code yet, and
    types, constants and imports may come first, as tests do not compile without them. Code and tests that
    came in one and the same step are a remark: their order is not known. A change without new tests, or
    without new code, has no order; whether its tests can fail at all is judged by ``green_before``.

Why:
    A test that is written for code that exists is written to what the code does, not to what it should do.

Evidence:
    The states of the worktree after each step in the run's journal, compared with base and head.

Unknown when:
    There is no journal, no attempt was made yet, its states cannot be read any more, or they do not show
    where the code came from.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.journal_calls import evidence_of, journal_of, read_calls
from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.gates.redness.code_history import CodeHistory, Step
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.verdict import Finding

_TEST = (
    r"(?:tests|(?:a|the|each|every|one|failing|unit) test|"
    r"(?:writ\w*|add|create) (?:a |the )?(?:\w+ )?tests?)"
)
_CODE = (
    r"(?:implement\w*|(?<!pushing )(?<!committing )(?<!merging )(?<!submitting )(?<!delivering )"
    r"code\b|coding|writing\b(?! (?:any |new |the |more )*tests?))"
)

GATE = Gate(
    id="test_after_code",
    summary="code that was written before its tests",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b{_TEST}\b[^.;]{{0,60}}\b(?:before|prior to|precedes?|ahead of)\b[^.;]{{0,40}}{_CODE}",
            "Tests must be written before implementation.",
        ),
        Phrasing(
            r"\b(?:test[- ]driven|TDD)\b(?!\s*(?:development\s*)?(?:\(TDD\)\s*)?:|\s+(?:mindset|thinking|"
            r"culture|attitude|philosophy|"
            r"advocate))",
            "Write all code following TDD principles.",
        ),
        Phrasing(r"\btests?[- ]first\b", "Work test-first."),
        Phrasing(
            r"\b(?:start|begin) with\b[^.;]{0,40}\bfailing tests?\b",
            "Start with a failing test that shows the bug.",
        ),
        Phrasing(
            r"\bred[-, /→>]+(?:to[- ])?green(?:[-, /→>]+refactor)?\b(?!\W+(?:blue|yellow|amber))",
            "Follow red-green-refactor.",
        ),
        Phrasing(
            r"\b(?:writ(?:e|ing)|add(?:ing)?)\s+(?:any\s+|production\s+|new\s+)*(?:code|implementation)"
            r"\s+before\b"
            r"[^.;]{0,20}\btests?\b",
            "Never write code before its tests.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:start|begin|open)\b[^.;]{0,25}\bwith\b[^.;]{0,20}\bfailing tests?\b|\bwrite\s+(?:a|"
            r"the)\s+failing tests?\b",
            "Start each feature with a failing test.",
        ),
        Phrasing(
            r"\b(?:implement\w*|code|coding)\b[^.;]{0,20}\b(?:only\b[^.;]{0,15}\b(?:once|after|when)|"
            r"after)\b[^.;]{0,15}\b(?:failing tests?|tests? (?:exists?|is written|"
            r"are written))\b",
            "Implementation only begins once a failing test exists.",
        ),
        Phrasing(
            r"\btests? (?:come|comes|go|goes|must come|(?:are|is|must be|have to be) written) first\b",
            "Tests must be written first.",
        ),
        Phrasing(
            r"\b(?:no|never)\b[^.;]{0,40}\b(?:code|implementation)\s+(?:before|without|until)"
            r"\b[^.;]{0,15}\b(?:failing tests?|its tests?|the tests?|a test)\b",
            "No production code without a failing test.",
            negative=True,
        ),
    ),
    inputs=("head", "base", "journal"),
    scopes=(Scope.CHANGED,),
    process=True,
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Find the step that began the code, and see whether a test was there."""
    calls = read_calls(journal_of(subject))
    changes = CodeChanges(subject)
    if not changes.functions:
        return passed("the change has no new or changed function, so there is no code to write tests before")
    if not changes.tests:
        return passed("the change has no new or changed test, so there is no order to judge")
    steps = list(CodeHistory(subject, calls).steps())
    evidence = evidence_of(calls, f"steps that changed Rust files: {len(steps) - 1}")
    first = changes.functions[0]
    if not steps[-1].code:
        raise Unknown(
            f"the journal does not show where `{first.item.name}` in {first.path} was written", (evidence,)
        )
    start = max(position for position, step in enumerate(steps) if not step.code) + 1
    begun, before = steps[start], steps[start - 1]
    if before.tests:
        return passed("tests were there before the code", evidence)
    assert begun.call is not None
    name = min(begun.code)
    if begun.tests:
        remark = Finding(
            None,
            None,
            f"{begun.call.shown} wrote `{name}` and its tests in one step, so their order is not known",
            "Write the tests in a step of their own and see them fail.",
        )
        return passed("tests and code came together", evidence, findings=(remark,))
    place = next((found for found in changes.functions if found.item.qualified_name == name), first)
    return failed(
        "the code was written before its tests",
        (
            Finding(
                place.path,
                place.item.line,
                f"`{name}` was written by {begun.call.shown}, before any of the change's tests{_when(steps)}",
                "Put the code back as base has it, keep the tests, see them fail, and bring it in again.",
            ),
        ),
        evidence,
    )


def _when(steps: list[Step]) -> str:
    tested = next((step.call for step in steps if step.tests and step.call is not None), None)
    return f"; the first came with {tested.shown}" if tested is not None else ""
