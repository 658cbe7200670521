"""Refuses examples in the documentation that do not compile or do not pass.

What it checks:
    Every code block in the documentation of every library that ``cargo test --doc`` runs compiles and
    passes, whatever the change touches: an example breaks when the code that it shows changes. Examples see
    the tree read-only. A workspace without a library has none.

Why:
    The example is what people copy.

Evidence:
    The exit code of ``cargo test --doc`` on a clean checkout.

Unknown when:
    The library does not compile, or something other than an example failed.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.findings import counted
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.verdict import Finding

_EXAMPLES = (
    r"(?:doc[ -]?tests?|documentation tests?|(?:doc(?:umentation)?|rustdoc|code) examples?|"
    r"examples in (?:the )?doc\w*)"
)

GATE = Gate(
    id="failing_doctests",
    summary="examples in the documentation that do not compile or do not pass",
    cost=Cost.TEST,
    phrasings=(
        Phrasing(
            r"\b(?:run|runs|running|execute|verify|pass(?:es)?|ensure|use|with|via)\b[^.;]{0,40}?"
            r"\bcargo test (?:[\w -]*)--doc\b(?! --no-run)",
            "Run cargo test --doc to verify doctests pass.",
        ),
        Phrasing(
            r"\bcargo test --doc\b[^.;]{0,40}?\b(?:pass(?:es|ing)?|succeeds?|green)\b",
            "cargo test --doc must pass.",
        ),
        Phrasing(
            rf"\b{_EXAMPLES}\b[^.;]{{0,30}}?\b(?:pass(?:es|ing)?|compiles?|succeeds?|works?|run(?:s|"
            rf"nable)?)\b",
            "All doc tests pass.",
        ),
        Phrasing(
            rf"\b(?:run|execute|test|verify)\s+(?:the\s+|all\s+)?{_EXAMPLES}\b",
            "Run all doctests.",
        ),
        Phrasing(
            rf"\b(?:failing|broken|outdated) {_EXAMPLES}\b",
            "Leave no failing doctests.",
            negative=True,
        ),
        Phrasing(
            r"^\W*cargo test (?:--[\w-]+\s+)*--doc\b(?!.*--no-run)(?:\s+--[\w-]+)*\s*(?:#.*)?$",
            "cargo test --doc --all-features",
        ),
        Phrasing(
            rf"\b{_EXAMPLES}\s+(?:must|should|ha(?:s|ve) to|needs? to)\s+(?:always\s+)?(?:stay|remain|be|"
            rf"keep)\s+(?:green|passing)\b",
            "Doc tests must stay green.",
        ),
        Phrasing(
            r"^\W*(?:all\s+|code\s+|the\s+|every\s+)*examples?\s+(?:must\s+|"
            r"should\s+)?(?:actually\s+)?(?:compiles?|runs?)\b",
            "Examples compile and run correctly.",
        ),
        Phrasing(
            r"\b(?:ensure|verify|check|make sure|confirm)\s+(?:that\s+)?(?:any\s+|all\s+|the\s+|"
            r"code\s+|usage\s+)*"
            r"examples?\s+(?:still\s+|actually\s+)?(?:compile|run|work)s?\b|\bupdate\s+(?:the\s+|all\s+|any\s+)?"
            r"(?:code\s+)?examples?\s+to\s+compile\b|^\W*examples?\s+(?:use|"
            r"match)\b[^.;]{0,30}\band compile\b",
            "Ensure examples compile.",
        ),
    ),
    requires=("compile_errors",),
    inputs=("code", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Run the examples."""
    doctests = subject.cargo.doctests
    evidence = tuple(command_evidence(run.done) for run in doctests.runs)
    if doctests.failures:
        findings = tuple(
            Finding(
                case.path, case.line, f"the example {case.name} fails: {case.message}", _advice(case.message)
            )
            for case in doctests.failures
        )
        return failed(counted(len(findings), "failing example"), findings, *evidence)
    if not doctests.ok:
        raise Unknown("cargo test --doc failed without naming an example", evidence)
    if not doctests.runs:
        return passed("there is no library, so no example to run")
    if not doctests.passed:
        return passed("there are no examples in the documentation that run", *evidence)
    return passed(
        f"{counted(doctests.passed, 'example')} in the documentation passed, none failed", *evidence
    )


def _advice(message: str) -> str:
    if "Read-only file system" in message:
        return "Examples see the tree read-only: mark the block no_run, or write to std::env::temp_dir()."
    return "Correct the example, or what it shows."
