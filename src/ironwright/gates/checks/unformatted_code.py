"""Refuses code that rustfmt would write differently.

What it checks:
    ``cargo fmt --all`` changes nothing on lines that the change wrote, nor in files that it added (scope
    ``all``: nowhere). Differences elsewhere are remarks: old code need not be reformatted to repair a bug.
    The repository's own ``rustfmt.toml`` applies, as it does for everyone who works on it.

Why:
    A change whose lines all mean something is read with care; one that mixes in white space is not.

Evidence:
    rustfmt formats a copy of the tree, and the files are compared byte by byte.

Unknown when:
    rustfmt is missing or cannot read the tree (code with syntax errors), or there is no Cargo.toml.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, failed, passed
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.findings import counted, lines_touched
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_FMT = r"(?:\bcargo fmt\b|(?<!\.)\brustfmt\b(?!\.toml| config))"

GATE = Gate(
    id="unformatted_code",
    summary="code that rustfmt would write differently",
    cost=Cost.FORMAT,
    phrasings=(
        Phrasing(
            r"\b(?:run|ran|running|runs|pass(?:es|ing)?|apply|execute|use|using|under|per|follow(?:s|"
            r"ing)?|satisf(?:y|ies)|"
            rf"enforced by)\b[^.;]{{0,40}}?{_FMT}",
            "Run cargo fmt to ensure proper formatting.",
        ),
        Phrasing(
            rf"\bformat(?:s|ted|ting)?\b[^.;]{{0,40}}?{_FMT}",
            "All code must be formatted with cargo fmt.",
        ),
        Phrasing(
            rf"{_FMT}[^.;]{{0,90}}?\b"
            r"(?:pass(?:es)?|clean|compliance|compliant|before (?:every |each )?commit)",
            "cargo fmt --check must pass.",
        ),
        Phrasing(
            r"^\W*cargo fmt\b(?:\s+--(?:all|check)\b|\s+--(?=\s|$))*\s*(?:#.*|[—–-]\s.*|\(.*\))?$",
            "cargo fmt --all -- --check",
        ),
        Phrasing(
            r"\bcargo (?:\+\w+ )?fmt\b[^.;]{0,40}\b(?:pass(?:es)?|succeeds?|clean|exits? (?:with )?0)\b",
            "cargo fmt --check must succeed.",
        ),
        Phrasing(
            r"\b(?:code|files?|everything|changes)\s+(?:must|should|ha(?:s|ve) to|needs? to|is|are)"
            r"\s+(?:always\s+|all\s+)?(?:be\s+)?(?:properly\s+|consistently\s+|correctly\s+|auto-?)?"
            r"(?:formatted|rustfmt(?:ed|[- ]clean))\b",
            "Code must be formatted.",
        ),
        Phrasing(
            r"\bunformatted\s+(?:code|files?|changes|rust)\b|\bformatting\s+(?:violations?|errors?|"
            r"issues?|problems?|diffs?)\b"
            r"|\bcode (?:that|which) (?:does not|doesn't|fails?(?: to)?)\s+(?:pass\s+)?cargo fmt\b",
            "Never commit unformatted code.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:follow|respect|adhere to|match|obey)\w*\s+(?:the\s+)?(?:standard\s+|"
            r"official\s+)?(?:rust\s+|rustfmt\s+)?format\w*\s+"
            r"(?:conventions?|rules?|standards?|style)\b",
            "Follows Rust formatting conventions.",
        ),
        Phrasing(
            r"\b(?:code\s+)?format(?:ting|ter|)?\s*:\s*(?:always\s+|use\s+)?(?:cargo\s+(?:\+\w+\s+)?fmt|rustfmt)\b",
            "Formatting: cargo fmt",
        ),
        Phrasing(
            r"^\W*(?:\d+\.\s*)?cargo (?:\+\w+ )?fmt\b(?:\s+--?[\w-]+)*\s*:\s+\w",
            "cargo fmt --all: keep the style.",
        ),
        Phrasing(
            r"\b(?:follow|respect|adhere to|match|obey)\w*\s+(?:the\s+)?(?:\w+\s+)?format\w*\s+(?:rules?|"
            r"settings?|options?|configuration)?\s*(?:in|of|from)\s+(?:the\s+)?`?[\w./-]*rustfmt\.toml",
            "Respect the formatting rules in rustfmt.toml.",
        ),
    ),
    tools=("rustfmt", "cargo-fmt"),
    inputs=("head", "base", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare the tree with what rustfmt makes of it."""
    answer = subject.cargo.format
    found: list[Finding] = []
    old: list[Finding] = []
    for path, first, last in answer.differences:
        lines = f"lines {first} to {last} are" if last > first else "this line is"
        them = "them" if last > first else "it"
        place = Finding(path, first, f"{lines} not as rustfmt writes {them}", "Run `cargo fmt`.")
        (found if lines_touched(subject, scope, path, first, last) else old).append(place)
    evidence = (
        *(command_evidence(run.done) for run in answer.runs),
        Evidence(
            "measure",
            f"{len(answer.differences)} places differ after formatting, {len(found)} of them judged",
            {
                "name": "unformatted places",
                "value": len(answer.differences),
                "judged": len(found),
                "unit": "places",
            },
        ),
    )
    if found:
        return failed(f"{counted(len(found), 'place')} not formatted", tuple(found), *evidence)
    reason = (
        f"what was written is formatted; older code is not in {counted(len(old), 'place')}"
        if old
        else "everything is formatted"
    )
    return passed(reason, *evidence, findings=tuple(old))
