"""Refuses a tree whose tests do not all pass.

What it checks:
    Every unit and integration test of every workspace member passes, whatever the change touches. Each test
    program is asked which tests it has and must have finished every one of them: a program that ends well
    without doing so, dies, or does not end fails. So does a function with a plain ``#[test]`` in a file of a
    test target that no program has, and one that is said to have passed although the compiler's counters
    say that none of its lines was executed. Ignored tests do not run. A test target with a ``main`` of
    its own (``harness = false``) is judged by its exit code. No tests at all is a PASS that says so: whether
    there must be some is what ``low_coverage`` and ``green_before`` judge.

Why:
    A failing test is the only witness of a broken promise, and the first that people learn to ignore.

Evidence:
    The programs' exit codes, their own lists of tests, the harness's log of outcomes, the tests that the
    sources declare, and the compiler's counters; printed text only explains. Tests run on a copy of the
    committed tree, without network.

Unknown when:
    The tests cannot be built, a limit of memory or disk ended a program, or cargo reported no program for a
    target that has tests.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.answers import Tests
from ironwright.gates.cargo.findings import counted
from ironwright.gates.subject import Subject
from ironwright.gates.suites.witness import unwitnessed
from ironwright.host.cargo_tests import TestProgram, describe_end
from ironwright.host.test_output import Outcome, TestCase
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_RUN = r"\b(?:run|runs|re-?run|running|execute|verify|pass(?:es)?|ensure|confirm|use|using|with)\b"
_OTHER = r"(?!doc|load|penetration|performance|stress|mutation|fuzz)"
_TESTS = r"(?:unit |integration |existing |new |regression |library )?(?:tests?|test suites?)"

GATE = Gate(
    id="failing_tests",
    summary="a tree whose tests do not all pass",
    cost=Cost.TEST,
    phrasings=(
        Phrasing(
            rf"\b(?:all|every|each|"
            rf"the)\s+(?:of the\s+)?(?:{_OTHER}\w+\s+)?{_TESTS}\b(?:(?!\bfail)[^.;]){{0,30}}?"
            r"\b(?:pass(?:es|ing)?|green|succeeds?|successful(?:ly)?)\b",
            "Ensure all tests pass before completing.",
        ),
        Phrasing(
            rf"\b(?:run|re-?run|execute)\s+(?:the\s+|your\s+|its\s+)?(?:{_OTHER}\w+\s+)?(?:full|entire|whole|"
            rf"complete|all)?\s*"
            r"(?:the\s+)?(?:existing\s+)?(?:test suites?|tests)\b",
            "Run full test suite without output filtering to verify correctness.",
        ),
        Phrasing(
            rf"{_RUN}[^.;]{{0,30}}?\bcargo (?:test|nextest(?: run)?)\b(?! --(?:doc|no-run)\b)"
            r"(?![^.;`]{0,25}--\s*(?:--)?(?:nocapture|ignored|exact|test-threads|skip|list)\b)",
            "Run cargo nextest run (or cargo test) to verify tests pass.",
        ),
        Phrasing(
            r"\bcargo (?:test|nextest(?: run)?)\b(?! --(?:doc|no-run)\b)[^.;]{0,40}?"
            r"\b(?:pass(?:es)?|succeeds?|green)\b",
            "cargo test passes on every commit.",
        ),
        Phrasing(
            r"\b(?:verify|ensure|make sure|confirm|check|keep)(?: that)?\s+(?:\w+\s+){0,2}?"
            r"tests?\s+(?:\w+\s+)?(?:pass|green|succeed)\b",
            "Verify tests still pass.",
        ),
        Phrasing(
            r"(?<!\ba )\b(?:fail(?:ing|ed)|broken|red) tests?\b",
            "Never commit with failing tests.",
            negative=True,
        ),
        Phrasing(
            r"^\W*cargo (?:test|nextest run)\b(?!.*(?:--doc|--no-run|--exact|--nocapture|test_name))"
            r"(?:\s+--?[\w-]+)*\s*(?:#.*|[—–-]\s.*|\(.*\))?$",
            "cargo test --workspace --all-features",
        ),
        Phrasing(
            r"^\W*(?:existing |unit |integration )?tests? (?:\w+ )?pass(?:es|ing)?\b"
            r"(?! (?:a|the|an|in|to)\b)",
            "Tests pass consistently.",
        ),
        Phrasing(
            rf"\b{_OTHER}{_TESTS}\s+(?:must|should|shall|ha(?:s|ve) to|needs? to)\s+(?:always\s+|all\s+|"
            rf"still\s+|first\s+)*"
            r"(?:(?:continue|keep|go on)\s+(?:to\s+)?)?(?:be\s+|stay\s+|remain\s+)?(?:pass(?:ing)?|green|"
            r"succeed|successful)\b",
            "Existing tests must continue to pass.",
        ),
        Phrasing(
            r"\b(?:commit|push|merge|submit|deliver|finish|stop|hand in)\w*\b[^.;]{0,30}\b(?:if|while|"
            r"when|as long as)\s+"
            r"(?:any\s+|the\s+|some\s+)?tests?\s+(?:are\s+|is\s+)?(?:fail(?:s|ing)?|red|broken)\b",
            "Do not commit if tests fail.",
            negative=True,
        ),
        Phrasing(
            r"\bby running (?:the |all |all the |your )?(?:\w+ )?(?:tests|test suite)\b",
            "Verify that nothing is broken by running the tests.",
        ),
        Phrasing(
            r"\b(?:skip|forget|omit)(?:ping|ting|s)?\s+(?:running\s+|to run\s+)(?:the\s+|all\s+)?(?:test "
            r"suite|tests)\b",
            "Never skip running tests before pushing.",
            negative=True,
        ),
        Phrasing(
            r"\bbreak(?:s|ing)?\s+(?:any\s+|the\s+|existing\s+|other\s+|passing\s+)+tests?\b",
            "Don't break existing tests.",
            negative=True,
        ),
        Phrasing(
            r"\bcargo (?:test|nextest(?: run)?)\b[^.;]{0,30}\b(?:shows?|reports?|with|has|have)"
            r"\b[^.;]{0,25}\b(?:tests?\s+)?(?:passing|no failures?|"
            r"zero failures?|0 failed|no failing tests?)\b",
            "cargo test shows all tests passing.",
        ),
        Phrasing(
            r"\b(?:all|every|the)\s+(?:existing\s+|other\s+)?tests?\s+(?:are\s+|"
            r"is\s+)?still\s+(?:passing|green|pass)\b",
            "All existing tests still passing after each iteration.",
        ),
        Phrasing(
            r"\b(?:verify|ensure|make sure|confirm|check)\s+(?:that\s+)?[^.;]{0,30}\b(?:do not|"
            r"does not|doesn't|don't|"
            r"never)\s+break\s+(?:the\s+|any\s+|existing\s+|other\s+)*tests?\b",
            "Verify refactoring doesn't break tests.",
        ),
    ),
    requires=("compile_errors",),
    inputs=("code", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Run the tests."""
    tests = subject.cargo.tests
    findings = [
        _failure(subject, program, case) for program, case in tests.failures if _counts(tests, program)
    ]
    for run in tests.programs:
        if run.problem and not run.limit_hit:
            message = f"{run.program.label}: {run.problem}"
            findings.append(Finding(run.program.target.source, None, message))
    if not findings and not any(run.limit_hit for run in tests.programs) and not tests.missing:
        findings += unwitnessed(subject.cargo, subject.head, tests)
    evidence = (*tests.evidence, _measure(tests))
    if findings:
        return failed(counted(len(findings), "failure"), tuple(findings), *evidence)
    for run in tests.programs:
        if run.limit_hit:
            reason = (
                f"{run.program.label} was not finished: {describe_end(run.done)}; [sandbox] sets the limits"
            )
            raise Unknown(reason, evidence)
    if tests.missing:
        raise Unknown(f"cargo built no test program for {', '.join(tests.missing)}", evidence)
    remarks = tuple(Finding(None, None, note) for note in tests.notes)
    return passed(_reason(tests), *evidence, findings=remarks)


def _counts(tests: Tests, program: TestProgram) -> bool:
    """Whether a program's failures are its own, and not those of a limit that ended it."""
    return not any(run.limit_hit for run in tests.programs if run.program == program)


def _reason(tests: Tests) -> str:
    passed_tests, ignored = tests.count(Outcome.PASSED), tests.count(Outcome.IGNORED)
    own = sum(not run.program.target.harness for run in tests.programs)
    parts = [f"{counted(passed_tests, 'test')} passed, none failed"] if passed_tests else []
    parts += (
        [f"{counted(own, 'test program')} with its own main ended well, tests not counted"] if own else []
    )
    parts += [f"{counted(ignored, 'test')} ignored"] if ignored else []
    return "; ".join(parts) if passed_tests or own else "; ".join(["there are no tests that run", *parts])


def _measure(tests: Tests) -> Evidence:
    counts = {outcome.value: tests.count(outcome) for outcome in Outcome}
    shown = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no tests"
    return Evidence("measure", shown, {"name": "tests", "unit": "tests", **counts})


def _failure(subject: Subject, program: TestProgram, case: TestCase) -> Finding:
    path, line = (case.path, case.line) if case.path else _declaration(subject, program, case.name)
    return Finding(path, line, f"{case.name} in {program.label} failed: {case.message}")


def _declaration(subject: Subject, program: TestProgram, name: str) -> tuple[str | None, int | None]:
    """Where a test is declared: the one function of that name among its package's test code."""
    folder = "" if program.package.folder == "." else program.package.folder + "/"
    own = program.target.source
    paths = [path for path in subject.head.rust_paths if path.startswith(folder)]
    if program.target.kind == "test" and own:
        paths = [
            own,
            *(path for path in paths if path.startswith(own.removesuffix(".rs").removesuffix("main"))),
        ]
    found = {
        (path, item.line)
        for path in paths
        if name.rpartition("::")[2].encode() in subject.head.read(path)
        for item in subject.head.rust(path).functions
        if item.name == name.rpartition("::")[2] and item.in_test
    }
    return found.pop() if len(found) == 1 else (own, None)
