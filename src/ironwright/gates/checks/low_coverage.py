"""Refuses code of which the tests execute too little.

What it checks:
    Of the lines that the change wrote and that can run, the tests execute at least ``minimum`` percent
    (scope ``all``: of all lines of the workspace). Test code, examples and build scripts do not count on
    either side. Without such lines there is nothing to refuse. Examples in the documentation do not count
    as tests, and a line counts as executed when anything on it ran: a ``?`` that never fails looks covered.

Why:
    A line that no test ever ran may do anything.

Evidence:
    The compiler's own instrumentation, merged over all test programs and the programs that they start; the
    percentage of both the changed lines and the whole.

Unknown when:
    The LLVM tools of the compiler's own version are missing, the tests do not pass, or what the change
    wrote is left out of the build on this platform or by a condition of the repository's own, or is a
    procedural macro that only the compiler runs, so that nothing measures it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.coverage import Coverage
from ironwright.gates.cargo.findings import lines_touched, ranges, shown_ranges
from ironwright.gates.cargo.unbuilt_code import unbuilt_code
from ironwright.gates.subject import Subject
from ironwright.records.change import FileStatus
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_COVERAGE = r"(?:(?:test|code|line|unit test)[ -])?coverage"
# Coverage of something other than code.
_OTHER = "".join(
    rf"(?<!\b{word} )"
    for word in (
        "documentation",
        "market",
        "network",
        "insurance",
        "feature",
        "docs",
        "doc",
        "mutation",
        "branch",
        "api",
        "monitoring",
        "automation",
        "runbook",
        "alert",
        "type",
    )
)
_NUMBER = r"(?P<minimum>\d{1,3}(?:\.\d+)?)\s*(?:%|percent|per cent)"
_GAP = r"(?:(?!doc(?:umentation|s)?\b|mutation|branch)[^.;%\d<]){0,40}?"

GATE = Gate(
    id="low_coverage",
    summary="code of which the tests execute too little",
    cost=Cost.TEST,
    phrasings=(
        Phrasing(
            rf"{_OTHER}\b{_COVERAGE}\b{_GAP}"
            rf"[~>≥=]*\s*{_NUMBER}(?!\s+of (?:tables|endpoints|pages|documentation|requirements))",
            "Ensure test coverage meets or exceeds 90%.",
        ),
        Phrasing(
            rf"{_OTHER}(?<!\d)(?<!\.)[~>≥=]*\s*{_NUMBER}\+?\s*(?:or (?:more|higher|better)\s*)?(?:of\s+)?"
            r"(?:(?:minimum|line|code|test|unit|overall|total)\s+)*coverage\b",
            "Maintain at least 80% test coverage.",
        ),
        Phrasing(
            rf"\bcover(?:s|ing)?\s+(?:at least|more than|over|≥|>)?\s*{_NUMBER}\s+of\s+(?:the\s+)?"
            r"(?:new\s+|changed\s+)?(?:code|lines)\b",
            "Tests must cover at least 85% of the code.",
        ),
        Phrasing(
            rf"{_OTHER}\b{_COVERAGE}\s+(?:\w+\s+){{0,3}}?(?:below|under|less than|lower than|<)\s*{_NUMBER}",
            "Never let coverage drop below 80%.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:at least\s+|≥\s*|>=\s*|minimum(?: of)?\s+)?{_NUMBER}\s+of\s+(?:all\s+|the\s+|new\s+|"
            rf"changed\s+)*(?:code|lines|functions|statements)\b"
            r"[^.;]{0,20}\b(?:covered|tested|exercised|executed)\b",
            "At least 70% of the code must be covered by tests.",
        ),
        Phrasing(
            rf"{_OTHER}\b{_COVERAGE}\b{_GAP}[~>≥=]*\s*(?P<minimum>\d{{1,3}})\s*(?:%|percent)?\s*(?:-|–|"
            rf"to)\s*\d{{1,3}}\s*(?:%|percent)",
            "Unit test coverage should be 80-90%.",
        ),
        Phrasing(
            rf"{_OTHER}\b{_COVERAGE}\b\s*(?:\w+\s+){{0,3}}?(?:≥|>=|>|at least|minimum(?: of)?|min\.?)"
            rf"\s*(?P<minimum>\d{{2,3}})\b(?!\s*(?:%|percent|tests?|files?|functions?))",
            "Coverage ≥ 85",
        ),
        Phrasing(
            rf"\bcover(?:s|ing)?\s+(?:at least|more than|over|≥|>)?\s*{_NUMBER}\s+of\s+(?:all\s+|the\s+|"
            rf"new\s+|changed\s+)*(?:code|lines)\b",
            "Cover at least 90% of all lines with tests.",
        ),
        Phrasing(
            rf"\b(?:below|under|less than)\s+{_NUMBER}\s+(?:(?:test|code|line)\s+)?coverage\b",
            "Never drop below 80% coverage.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:cargo[ -]llvm-cov|llvm-cov|tarpaulin|cargo[ -]tarpaulin|grcov)"
            rf"\b[^.;%\d]{{0,60}}?[≥>=]*\s*{_NUMBER}",
            "cargo llvm-cov must report at least 90% of lines.",
        ),
        Phrasing(
            rf"\bminimum\s+{_COVERAGE}\s*(?::|is|of|=|to be|must be)\s*{_NUMBER}",
            "Minimum coverage: 80%",
        ),
    ),
    params={
        "minimum": Param(float, 90.0, "The least share of executed lines, in percent.", stricter=max),
    },
    requires=("failing_tests",),
    tools=("llvm-cov", "llvm-profdata"),
    inputs=("code", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare what the tests executed with the minimum."""
    if not subject.cargo.tests.ok:
        raise Unknown("coverage of tests that fail means nothing; see failing_tests")
    coverage = subject.cargo.coverage
    judged = _judged(subject, coverage, scope)
    executable = sum(len(lines) for lines in judged.values())
    executed = sum(count > 0 for lines in judged.values() for count in lines.values())
    unmeasured = _unmeasured(subject, coverage, scope)
    evidence = (
        *coverage.evidence,
        _measure(subject, coverage, Scope.CHANGED),
        _measure(subject, coverage, Scope.ALL),
    )
    what = "changed lines" if scope is Scope.CHANGED else "lines"
    if scope is Scope.CHANGED and (unbuilt := next(unbuilt_code(subject, coverage.everything), None)):
        path, line, condition = unbuilt
        raise Unknown(
            f"{path}:{line} is left out of this build by cfg({condition}), which the repository sets itself, "
            "so nothing measures it; test it in a build that sets it",
            evidence,
        )
    if not executable and unmeasured:
        raise Unknown(
            f"{unmeasured[0].path}: {unmeasured[0].message}; nothing else was changed that runs", evidence
        )
    if not executable:
        return passed(f"no {what} that can run", *evidence)
    minimum = params["minimum"]
    reason = f"the tests execute {_percent(executed, executable)} of the {what} ({executed} of {executable})"
    if executed * 100 >= minimum * executable:
        return passed(f"{reason}; at least {minimum:g} % are asked for", *evidence, findings=unmeasured)
    return failed(f"{reason}; {minimum:g} % are asked for", _findings(judged, scope), *evidence)


def _judged(subject: Subject, coverage: Coverage, scope: Scope) -> dict[str, dict[int, int]]:
    found = {
        path: {n: count for n, count in lines.items() if lines_touched(subject, scope, path, n, n)}
        for path, lines in coverage.lines.items()
    }
    return {path: lines for path, lines in found.items() if lines}


def _measure(subject: Subject, coverage: Coverage, scope: Scope) -> Evidence:
    lines = _judged(subject, coverage, scope)
    executable = sum(len(found) for found in lines.values())
    executed = sum(count > 0 for found in lines.values() for count in found.values())
    name = "coverage of changed lines" if scope is Scope.CHANGED else "coverage of the whole"
    value = round(100 * executed / executable, 2) if executable else None
    shown = f"{name}: {_percent(executed, executable)} ({executed} of {executable} lines)"
    data = {"name": name, "value": value, "unit": "%", "executed": executed, "executable": executable}
    return Evidence("measure", shown, data)


def _percent(executed: int, executable: int) -> str:
    """Rounded down, so that 89.99 % never looks like 90 %."""
    return f"{1000 * executed // executable / 10:g} %" if executable else "nothing"


def _findings(judged: Mapping[str, Mapping[int, int]], scope: Scope) -> tuple[Finding, ...]:
    advice = "Test what these lines do."
    found = []
    for path, lines in judged.items():
        missed = [line for line, count in lines.items() if not count]
        if not missed:
            continue
        if scope is Scope.CHANGED:
            for first, last in _runs(missed, lines):
                shown = f"line {first} is" if first == last else f"lines {first} to {last} are"
                found.append(Finding(path, first, f"{shown} never executed by a test", advice))
        else:
            share = _percent(len(lines) - len(missed), len(lines))
            message = f"{share} of its lines are executed; never: {shown_ranges(missed)}"
            found.append(Finding(path, min(missed), message, advice))
    return tuple(found)


def _runs(missed: Iterable[int], lines: Mapping[int, int]) -> list[tuple[int, int]]:
    """Runs of missed lines; lines between two that hold no code do not part them."""
    order = sorted(lines)
    position = {line: number for number, line in enumerate(order)}
    return [(order[first], order[last]) for first, last in ranges(position[line] for line in missed)]


def _unmeasured(subject: Subject, coverage: Coverage, scope: Scope) -> tuple[Finding, ...]:
    """Changed files with functions of which the compiler has no lines: left out here, or in no target."""
    found = []
    for path, file in sorted(subject.change.files.items()):
        known = scope is not Scope.CHANGED or file.status is FileStatus.DELETED or path in coverage.lines
        if known or path not in subject.head.rust_paths or path in subject.head.test_files:
            continue
        bodies = [
            item for item in subject.head.rust(path).functions if item.body is not None and not item.in_test
        ]
        touched = [item for item in bodies if not file.added_lines.isdisjoint(item.lines)]
        outside = {"examples", "benches"} & set(path.split("/")[:-1]) or path.rpartition("/")[2] == "build.rs"
        if touched and not outside:
            why = "is left out of the build here or runs inside the compiler"
            message = f"{touched[0].name} {why}, so nothing measures it"
            found.append(Finding(path, touched[0].line, message))
    return tuple(found)
