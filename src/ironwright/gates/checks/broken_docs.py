"""Refuses documentation that rustdoc warns about: broken links, code blocks and HTML that cannot be right.

What it checks:
    ``cargo doc --no-deps`` says nothing about lines that the change wrote, nor about files that it added
    (scope ``all``: about nothing). Warnings about other lines are remarks. A link that breaks because the
    change removed its target is judged even on an old line.

Why:
    A link that leads nowhere tells the reader that nobody has read the page.

Evidence:
    The messages of rustdoc on a clean checkout, as data, with the places that it names.

Unknown when:
    rustdoc is missing, or the code does not compile.
"""

from __future__ import annotations

import re

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.findings import counted, finding, touched
from ironwright.gates.subject import Subject
from ironwright.host.cargo_messages import Diagnostic
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence

_ADVICE = "Correct the documentation; `cargo doc --no-deps` shows the place."
_LINK_NAME = re.compile(r"`([^`]+)`")

GATE = Gate(
    id="broken_docs",
    summary="documentation that rustdoc warns about",
    cost=Cost.BUILD,
    phrasings=(
        Phrasing(
            r"\b(?:run|runs|running|use|using|verify|ensure|check|pass(?:es)?|execute|with)\b[^.;]{0,40}?"
            r"\bcargo (?:rust)?doc\b(?![^.;]{0,30}--open)",
            "Run cargo doc --no-deps to verify documentation builds.",
        ),
        Phrasing(
            r"\b(?:doc(?:umentation|s)?|rustdoc) (?:must |should )?(?:builds?|compiles?|renders?)\b"
            r"(?:[^.;]{0,20}?\b(?:without|cleanly|successfully|correctly)\b)?",
            "Ensure documentation builds without warnings.",
        ),
        Phrasing(
            r"\b(?:broken|dead|unresolved) (?:(?:intra-doc|doc(?:umentation)?|rustdoc) links?\b|"
            r"links? in (?:the |your |any )*(?:doc(?:s|umentation|[ -]comments?)?|rustdoc)\b)",
            "There must be no broken intra-doc links.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:rustdoc|doc(?:umentation)?) (?:warnings?|errors?)\b",
            "Documentation must build with no rustdoc warnings.",
            negative=True,
        ),
        Phrasing(
            r"^\W*cargo doc\b(?!.*--open)(?:\s+--[\w-]+)*\s*(?:#.*)?$",
            "cargo doc --no-deps --all-features",
        ),
        Phrasing(
            r"\b(?:intra-doc|rustdoc|doc(?:umentation)?) links? (?:must |should |ha(?:s|ve) to )?(?:always )?"
            r"(?:resolves?|works?|(?:be|is|are) valid)\b",
            "Every intra-doc link must resolve.",
        ),
        Phrasing(
            r"\bcargo (?:rust)?doc\b(?![^.;]{0,30}--open)[^.;]{0,60}?\b(?:pass(?:es)?|succeeds?|builds?|"
            r"is clean|be clean|"
            r"without (?:any )?(?:warnings?|errors?)|(?:no|zero) (?:warnings?|errors?))\b",
            "Make sure cargo doc passes.",
        ),
        Phrasing(
            r"\b(?:fix|resolve|address)\s+(?:all|any|every)\s+(?:rustdoc|doc(?:umentation)?)"
            r"\s+(?:warnings?|errors?|lints?)\b",
            "Fix all rustdoc warnings.",
        ),
    ),
    requires=("compile_errors",),
    early=True,
    tools=("rustdoc",),
    inputs=("surface", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Read rustdoc's messages."""
    docs = subject.cargo.docs
    broken = [item for item in docs.diagnostics if item.is_error and not item.code.startswith("rustdoc::")]
    lints = [item for item in docs.diagnostics if item.code.startswith("rustdoc::")]
    if broken or (not lints and not all(run.ok for run in docs.runs)):
        first = f": {broken[0].path}:{broken[0].line}: {broken[0].message}" if broken else ""
        raise Unknown(f"the documentation cannot be built{first}", docs.evidence)
    removed = _removed_words(subject)
    judged = [item for item in lints if touched(subject, scope, item.spans) or _lost_target(item, removed)]
    old = [item for item in lints if item not in judged]
    evidence = (
        *docs.evidence,
        Evidence(
            "measure",
            f"{len(lints)} warnings of rustdoc, {len(judged)} of them judged",
            {"name": "rustdoc warnings", "value": len(lints), "judged": len(judged), "unit": "warnings"},
        ),
    )
    if judged:
        findings = tuple(finding(item, _ADVICE) for item in judged)
        return failed(f"{counted(len(findings), 'broken place')} in the documentation", findings, *evidence)
    reason = (
        f"what was written is sound; {counted(len(old), 'older place')} broken"
        if old
        else "rustdoc has no warnings"
    )
    return passed(reason, *evidence, findings=tuple(finding(item) for item in old))


def _removed_words(subject: Subject) -> frozenset[str]:
    """The words on the lines that the change removed, and on none that it added."""
    if subject.base is None:
        return frozenset()
    removed: set[str] = set()
    added: set[str] = set()
    for path, file in subject.change.files.items():
        if not path.endswith(".rs"):
            continue
        if path in subject.base.paths:
            removed |= _words(subject.base.read(path), file.removed_lines)
        if path in subject.head.paths:
            added |= _words(subject.head.read(path), file.added_lines)
    return frozenset(removed - added)


def _words(source: bytes, lines: frozenset[int]) -> set[str]:
    text = source.decode("utf-8", "replace").split("\n")
    return {word for line in lines if line <= len(text) for word in re.findall(r"\w+", text[line - 1])}


def _lost_target(diagnostic: Diagnostic, removed: frozenset[str]) -> bool:
    """Whether a link leads to a name that the change took away."""
    if "broken_intra_doc_links" not in diagnostic.code:
        return False
    named = _LINK_NAME.search(diagnostic.message)
    return bool(named) and named[1].replace("()", "").split("::")[-1] in removed if named else False
