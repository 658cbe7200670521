"""Refuses warnings of the compiler and of clippy.

What it checks:
    ``cargo clippy --all-targets`` has nothing to say about lines that the change wrote, nor about files that
    it added (scope ``all``: about nothing). ``deny`` adds lints and groups that are off by default. Warnings
    about other lines are remarks. How strongly a lint is set does not matter: a warning counts like an error.

Why:
    Clippy knows hundreds of mistakes that compile; the time to learn of one is while the line is new.

Evidence:
    The messages of clippy on a clean checkout, as data, with the places that it names.

Unknown when:
    Clippy is missing, or the code does not compile.
"""

from __future__ import annotations

import re

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.findings import counted, finding, touched
from ironwright.gates.subject import Subject
from ironwright.host.cargo_messages import Diagnostic
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence

_CLIPPY = r"\bclippy\b(?!\.toml| config| --fix|::)"
_LINT = r"clippy::(?!all\b|style\b|correctness\b|complexity\b|perf\b|suspicious\b|warnings\b)[a-z_]+"
# "The documentation must build without warnings" is said of rustdoc.
_NOT_OF_DOCS = "".join(
    f"(?<!{subject} {verb} )"
    for subject in ("documentation", "docs", "rustdoc", "doc")
    for verb in (
        "build",
        "builds",
        "must build",
        "should build",
        "compile",
        "compiles",
        "must compile",
        "must be",
        "is",
        "are",
        "renders",
    )
)
_WARNINGS = r"(?:clippy|compiler|linter|lint|linting|rustc|build)(?: (?:or|and|\+|&) \w+)? warnings?"


def read_lints(words: str) -> tuple[str, ...]:
    """The lints that words of a sentence name, without ``clippy::``, in their order."""
    named = re.findall(r"clippy::(\w+)", words.lower())
    return tuple(dict.fromkeys(named or re.findall(r"\w+", words.lower())))


GATE = Gate(
    id="clippy_warnings",
    summary="warnings of the compiler and of clippy",
    cost=Cost.BUILD,
    phrasings=(
        Phrasing(
            r"\b(?:run|ran|running|runs|pass(?:es|ing)?|satisf(?:y|ies)|use|using|under|execute|follow(?:s|"
            r"ing)?|enforce)\b"
            rf"[^.;]{{0,50}}?{_CLIPPY}",
            "Run cargo clippy -- -D warnings to catch all lints.",
        ),
        Phrasing(
            rf"{_CLIPPY}[^.;]{{0,60}}?(?:-D ?warnings|\bclean\b|\bpass(?:es)?\b|\bcomplian(?:ce|t)\b)",
            "All code must be clippy clean.",
        ),
        Phrasing(
            rf"(?<!suppress )(?<!suppressing )(?<!silence )(?<!silencing )(?<!disable )(?<!disabling )"
            rf"(?<!hide )\b{_WARNINGS}\b",
            "There must be no clippy warnings.",
            negative=True,
        ),
        Phrasing(
            rf"{_NOT_OF_DOCS}\b(?:without|zero|no|free of)[ -](?:any )?(?:compil(?:ation|er) )?warnings?\b"
            r"(?! about| signs?)",
            "Code compiles without warnings.",
        ),
        Phrasing(
            r"\b(?:fix|resolve|address|eliminate)\s+(?:all|any|every)\s+(?:\w+\s+)?"
            r"(?:(?:clippy|compiler|linter|lint)\s+)?(?:warnings?|lints?)\b(?! that)",
            "Fix all clippy warnings.",
        ),
        Phrasing(
            r"^\W*cargo clippy\b(?!.*--fix)(?:\s+--?[\w=-]+|\s+(?:warnings|clippy::\w+))*\s*(?:#.*)?$",
            "cargo clippy --all-targets --all-features -- -D warnings",
        ),
        Phrasing(
            r"(?:-[WD] ?clippy::|\bclippy(?:::|'s | with )|\bclippy[^.;]{0,40}?\b)(?P<deny>pedantic)\b",
            "Run cargo clippy -- -W clippy::pedantic.",
        ),
        Phrasing(
            r"(?:-[WD] ?clippy::|\bclippy(?:::|'s | with )|\bclippy[^.;]{0,40}?\b)(?P<deny>nursery)\b",
            "Run cargo clippy -- -W clippy::nursery.",
        ),
        Phrasing(
            r"\bclippy(?:'s)?(?: (?:warnings?|lints?|issues?|findings?|suggestions?|complaints?|errors?))?\s+"
            r"(?:must|should|ha(?:s|ve) to|needs? to)\s+(?:all\s+)?(?:be\s+)?"
            r"(?:resolved|fixed|addressed|happy|clean|green|silent|quiet|pass(?:ing)?)\b",
            "All clippy lints must be resolved.",
        ),
        Phrasing(
            r"\b(?:lints?|linting|linters?|lint checks?)\s+(?:must|should|ha(?:s|ve) to|needs? to)"
            r"\s+(?:always\s+)?"
            r"(?:pass|be (?:clean|green|happy|satisfied|fixed))\b",
            "Linting must be clean.",
        ),
        Phrasing(
            r"\b(?:treat(?:s|ed|ing)?|turn(?:ed)?|handle[ds]?)\s+(?:all\s+|"
            r"any\s+)?(?:\w+\s+)?warnings\s+(?:as|into)\s+(?:hard\s+)?errors?\b"
            r"|\bwarnings\s+(?:are|count as|must be)\s+(?:\w+\s+)?(?:treated\s+)?(?:as\s+)?errors\b",
            "Treat warnings as errors.",
        ),
        Phrasing(
            r"\b(?:fix|resolve|address|eliminate)\s+(?:all|any|every)\s+(?:(?:compiler|rustc|clippy|"
            r"linter)\s*(?:and|&|/|or)\s*)?"
            r"(?:clippy|compiler|rustc|linter)\s+(?:warnings?|lints?|issues?|errors?)\b",
            "Fix all compiler and clippy warnings.",
        ),
        Phrasing(
            r"\b(?:free (?:of|from)|no|without|zero)\s+(?:any\s+)?(?:clippy|lint(?:er|ing)?)"
            r"(?:\s+(?:issues?|errors?|"
            r"violations?|findings?|failures?)|s)\b",
            "The code has to be free of lints.",
        ),
        Phrasing(
            rf"(?:\b(?:deny|forbid)\b|-[DF]\s?)"
            rf"[^.;]{{0,40}}?(?P<deny>{_LINT}(?:\s*(?:,|and|&|-[DFW])+\s*{_LINT})*)",
            "Run cargo clippy -- -D clippy::unwrap_used.",
        ),
        Phrasing(
            r"\blint(?:s|ing|er|)?\s*:\s*(?:always\s+|use\s+)?(?:cargo\s+)?clippy\b(?!\.toml| config)",
            "Linting: cargo clippy --all-targets",
        ),
        Phrasing(
            r"\bkeep\s+(?:the\s+|all\s+)?(?:warnings?\s+and\s+)?(?:lints?|linting|linters?|clippy)"
            r"(?:\s+and\s+warnings?)?\s+(?:\w+\s+)?(?:clean|green|silent|at zero)\b",
            "Keep warnings and lints clean.",
        ),
    ),
    params={
        "deny": Param(
            tuple,
            (),
            "Lints and groups beyond clippy's defaults (`pedantic`, `unwrap_used`).",
            read=read_lints,
        ),
    },
    requires=("compile_errors",),
    early=True,
    tools=("cargo-clippy",),
    inputs=("commented_code", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Read clippy's messages."""
    lints = subject.cargo.clippy(tuple(_full(name) for name in params["deny"]))
    errors = [item for item in lints.diagnostics if item.is_error and not _is_lint(item)]
    # A benchmark that needs a nightly compiler is not built by cargo test, and no reason to know nothing.
    stopping = [item for item in errors if item.target_kind != "bench"]
    if stopping or (not errors and not all(run.ok for run in lints.runs)):
        first = f": {stopping[0].path}:{stopping[0].line}: {stopping[0].message}" if stopping else ""
        raise Unknown(f"clippy cannot look at code that does not compile{first}", lints.evidence)
    warnings = [
        item for item in lints.diagnostics if item.level in ("warning", "error") and item not in errors
    ]
    judged = [item for item in warnings if touched(subject, scope, item.spans)]
    old = [item for item in warnings if item not in judged]
    evidence = (
        *lints.evidence,
        Evidence(
            "measure",
            f"{len(warnings)} warnings, {len(judged)} of them judged",
            {"name": "warnings", "value": len(warnings), "judged": len(judged), "unit": "warnings"},
        ),
    )
    if judged:
        findings = tuple(finding(item) for item in judged)
        return failed(counted(len(findings), "warning"), findings, *evidence)
    remarks = tuple(finding(item) for item in (*old, *errors))
    reason = (
        f"no warning about what was written; {counted(len(old), 'warning')} about older code"
        if old
        else "no warnings"
    )
    return passed(reason, *evidence, findings=remarks)


def _full(lint: str) -> str:
    """A lint's name as the compiler wants it; groups and lints of clippy may be named without its prefix."""
    known_to_rustc = lint.startswith(("rustdoc::", "clippy::")) or lint in _RUSTC
    return lint if known_to_rustc else f"clippy::{lint}"


_RUSTC = frozenset(
    {
        "warnings", "unused", "nonstandard_style", "future_incompatible", "rust_2018_idioms",
        "let_underscore",
        "missing_docs", "missing_debug_implementations", "missing_copy_implementations", "unsafe_code",
        "unreachable_pub", "unused_qualifications", "trivial_casts", "trivial_numeric_casts", "dead_code",
        "unused_results", "single_use_lifetimes", "unused_crate_dependencies", "variant_size_differences",
    }
)  # fmt: skip


def _is_lint(diagnostic: Diagnostic) -> bool:
    """Whether an error is a lint set to deny; the compiler's own errors have codes like E0308 or none."""
    code = diagnostic.code
    return bool(code) and not (code[0] == "E" and code[1:].isdigit())
