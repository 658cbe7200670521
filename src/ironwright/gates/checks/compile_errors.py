"""Refuses a tree that does not build.

What it checks:
    Cargo builds everything that ``cargo test`` needs in the committed tree: libraries, programs, tests and
    examples of every workspace member. The whole tree is judged, whatever the change touches, for a change
    breaks code far away from it. A manifest that cargo refuses, a build script that fails and a dependency
    that does not exist count as errors. A ``Cargo.lock`` that does not match the manifests is one where the
    change touches either (scope ``all``: always), because ``cargo build --locked`` then fails for everyone
    else; otherwise it is a remark, and the build uses a renewed copy.

Why:
    Nothing else that is said about code that does not build means anything.

Evidence:
    The exit code of ``cargo test --no-run`` on a clean checkout, and the compiler's own messages.

Unknown when:
    The fault is not the tree's: no Rust, dependencies that cannot be downloaded here, a missing system
    library, a full disk, a limit reached, or a repository that is built for another platform only.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, failed, passed
from ironwright.gates.cargo.findings import finding
from ironwright.gates.subject import Subject
from ironwright.host.cargo_problems import Problem
from ironwright.records.contract import Scope
from ironwright.records.verdict import Finding

_CARGO = r"\bcargo (?:check|build)\b(?! --release)"
_SUCCEEDS = r"(?:succeeds?|passes|pass|is clean|(?:without|no) errors?|successful(?:ly)?)"

GATE = Gate(
    id="compile_errors",
    summary="a tree that does not build",
    cost=Cost.BUILD,
    phrasings=(
        Phrasing(
            rf"(?<!examples )(?<!example )\bcompil(?:ation|es?|ing)\b(?! time| without (?:any )?warnings|"
            rf" with (?:no|zero) warnings)"
            rf"[^.;]{{0,30}}?\b{_SUCCEEDS}",
            "Ensure compilation succeeds before moving to the next component.",
        ),
        Phrasing(
            r"\b(?:verify|ensure|make sure|confirm|validate|check)(?: that)?\s+"
            r"(?:(?!docs?\b|documentation|container|docker|reproducible|in\b)[\w'’-]+\s+){0,4}?"
            r"(?:compil(?:es?|ation)|builds?)\b"
            r"(?! (?:times?|scripts?|size|system|configuration|errors?|warnings?|settings|instructions|"
            r"pipelines?|performance|process|tools?|targets?|artifacts?))"
            r"(?=[\s.,;:!)]|$)",
            "Verify the code compiles after each fix.",
        ),
        Phrasing(
            r"\b(?:code|project|crate|workspace|everything|it|changes?|tests?)\b"
            r"[^.;]{0,20}?\b(?:must|should|has to|needs? to)\s+(?:always\s+|still\s+|at least\s+)?"
            r"(?:compile|build)\b",
            "The code must compile at every step.",
        ),
        Phrasing(
            rf"\b(?:run|use|using|with|via|pass(?:es)?|execute)\b[^.;]{{0,25}}?{_CARGO}",
            "Use cargo check and cargo build frequently.",
        ),
        Phrasing(rf"{_CARGO}[^.;]{{0,30}}?\b{_SUCCEEDS}", "cargo build succeeds without errors."),
        Phrasing(
            r"(?<!rust )(?<!hide )(?<!hiding )(?<!suppress )\bcompil(?:ation|er|e)[ -](?:errors?|"
            r"failures?)\b",
            "There must be no compilation errors.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:broken builds?|code that (?:does not|doesn't|won't|cannot) (?:compile|build))\b",
            "Never commit code that doesn't compile.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:leave|leaving|push|commit|check in|deliver)\w*\b[^.;]{0,20}\bbuild (?:is )?(?:broken|"
            r"red|failing)\b"
            r"|\bbreak(?:s|ing)?\s+(?:the\s+)?(?:build|compilation)\b",
            "Never break the build.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:keep|leave)\b[^.;]{0,30}\b(?:build\w*|main|tree|code(?:base)?|changes?|everything|"
            r"project|crate)\s+"
            r"(?:always\s+)?(?:green|compiling|building|buildable|compilable)\b",
            "Keep the build green.",
        ),
        Phrasing(
            r"^\W*(?:the\s+|all\s+)?(?:code|project|crate|workspace)\s+(?:still\s+)?(?:compiles|builds)"
            r"\b(?! (?:without (?:any )?|with (?:no|zero) )warnings)",
            "Code compiles.",
        ),
        Phrasing(
            r"\b(?:run|pass|satisf(?:y|ies)|with)\b[^.;]{0,60}\bcargo (?:check|"
            r"build)\b\s+(?:validations?|checks?|"
            r"commands?)",
            "Satisfy all cargo fmt, cargo clippy and cargo check validations.",
        ),
    ),
    inputs=("code", "toolchain"),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Build the tree."""
    build = subject.cargo.build
    findings = [finding(error) for error in build.errors]
    findings += [
        Finding(item.path, item.line or _line_named(subject, item), item.message, item.advice)
        for item in build.problems
    ]
    if not build.ok and not findings:
        findings = [Finding(None, None, "cargo failed without saying what is wrong")]
    stale = [_stale(path) for path in build.stale_locks if _touches_dependencies(subject, scope)]
    if findings or stale:
        return failed(
            f"the tree does not build: {_count(findings, stale)}", (*findings, *stale), *build.evidence
        )
    remarks = [_stale(path) for path in build.stale_locks]
    remarks += [Finding(None, None, note) for note in build.notes]
    remarks += _not_built(subject)
    return passed("everything builds", *build.evidence, findings=tuple(remarks))


def _line_named(subject: Subject, problem: Problem) -> int | None:
    """The line of the manifest that mentions what a problem names in backticks, such as a dependency."""
    path = problem.path
    if path is None or not path.endswith("Cargo.toml") or path not in subject.head.paths:
        return None
    names = re.findall(r"`([\w-]+)`", problem.message)
    lines = subject.head.read(path).decode("utf-8", "replace").split("\n")
    for name in names:
        pattern = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
        for number, line in enumerate(lines, 1):
            if pattern.search(line):
                return number
    return None


def _stale(path: str) -> Finding:
    advice = "Run `cargo check` and commit the Cargo.lock that it writes."
    return Finding(path, None, "the lock file does not match the manifests", advice)


def _touches_dependencies(subject: Subject, scope: Scope) -> bool:
    names = ("Cargo.toml", "Cargo.lock")
    return scope is not Scope.CHANGED or any(
        path.rpartition("/")[2] in names for path in subject.change.files
    )


def _not_built(subject: Subject) -> list[Finding]:
    """Changed files of packages that belong to no workspace of the topmost manifests."""
    members = {package.folder for metadata in subject.cargo.metadata for package in metadata.packages}
    nearest: dict[str, str] = {}
    for file in subject.change.live_files:
        if not file.path.endswith(".rs"):
            continue
        above = [path.as_posix() for path in PurePosixPath(file.path).parents]
        owner = next((folder for folder in above if _manifest(folder) in subject.head.paths), None)
        if owner is not None and owner not in members:
            nearest.setdefault(owner, file.path)
    return [
        Finding(path, None, f"{_manifest(owner)} belongs to no workspace, so this was not built")
        for owner, path in sorted(nearest.items())
    ]


def _manifest(folder: str) -> str:
    return "Cargo.toml" if folder == "." else f"{folder}/Cargo.toml"


def _count(findings: list[Finding], stale: list[Finding]) -> str:
    if not findings:
        return "the lock file does not match the manifests"
    return "1 error" if len(findings) == 1 else f"{len(findings)} errors"
