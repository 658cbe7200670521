"""Refuses source files that explain nothing: without a head comment, or with too few comments.

What it checks:
    Every Rust file that the change adds (scope ``all``: every one) starts by saying what it is for (``//!``,
    or a comment before the first item), and at least ``min_share`` percent of its lines that are not blank
    are comments or documentation. A file that the change makes longer is judged by its share where it grew
    by at least ``min_lines`` lines of code, and only where the lines added have a lower share than that too.
    Under ``ratchet`` no file may have a lower share than before. Licence headers do not count, nor do
    comments that hold code, a rule or one word, nor a comment that stood there already word for word. Files
    with fewer than ``min_lines`` lines of code owe no share, and those that only declare modules and
    imports owe nothing. Test files are left alone unless ``tests`` is on.

Why:
    Who comes next reads the file without its author; a comment is the only place for a reason.

Evidence:
    For the number of files looked at the lowest share of comments, counted in the committed tree.

Unknown when:
    The parser finds no sense in a file in scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.rust.comments import Comment
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.change import FileStatus
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_LICENCE = re.compile(
    r"\b(?:copyright|licen[cs]ed?|SPDX|all rights reserved|warrant(?:y|ies))\b|\(c\)", re.IGNORECASE
)
_CODE = re.compile(
    r"[;{}]\s*$|^\s*(?:let|use|pub|fn|impl|struct|enum|mod|return|if|for|match|#\[)\b.*[({=;]|^\W*$"
)
# A new file with this share of the lines of one that is gone is that file, moved.
_MOVED = 0.8
_FILE = r"(?:source\s+|code\s+|rust\s+|new\s+|\.rs\s+)*(?:files?|modules?)"
_COMMENTS = (
    r"(?:extensive\s+|detailed\s+|clear\s+|thorough\s+|inline\s+|explanatory\s+|code\s+|useful\s+)*comments?"
)

GATE = Gate(
    id="uncommented_files",
    summary="source files that explain nothing",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b(?:every|each|all)\s+{_FILE}\b[^.;]{{0,30}}\b(?:ha(?:s|ve)|contains?|includes?|needs?|"
            rf"carr(?:y|ies)|"
            rf"with)\b[^.;]{{0,20}}\b{_COMMENTS}",
            "Every source file has extensive code comments.",
        ),
        Phrasing(
            rf"\b(?:every|each|all)\s+{_FILE}\b[^.;]{{0,30}}\b(?:starts?|begins?|opens?)"
            rf"\s+with\b[^.;]{{0,30}}"
            r"\b(?:comment|//!|module doc\w*|doc comment|header)",
            "Every file starts with a module doc comment.",
        ),
        Phrasing(
            rf"\b(?:add|write|include|provide|put)\b[^.;]{{0,20}}\b{_COMMENTS}\s+"
            rf"(?:in|to|for|at the top of)\s+(?:every|each|all)\s+{_FILE}\b",
            "Add extensive comments to every file.",
        ),
        Phrasing(
            r"\bcomments?\b[^.;]{0,30}(?:\bat least|\bminimum(?: of)?|≥|>=)\s*"
            r"(?P<min_share>\d+(?:\.\d+)?)\s*%",
            "Comments make up at least 15% of the lines.",
        ),
        Phrasing(
            rf"\b(?:every|each|all)\s+{_FILE}\b[^.;]{{0,20}}\b(?:ha(?:s|ve)|needs?|requires?|starts? "
            rf"with|begins? with|gets?|with)\b[^.;]{{0,15}}"
            r"(?://!|\bmodule(?:-level)? doc\w*|\bheader comments?|\bmodule comments?)",
            "Every module needs a `//!` header.",
        ),
        Phrasing(
            rf"\bcomment\s+(?:every|each|all)\s+{_FILE}\b|\b(?:every|each|all)"
            rf"\s+{_FILE}\b[^.;]{{0,15}}\b(?:is|are|be)\s+(?:\w+ly\s+|well[- ])?commented\b",
            "Comment every source file thoroughly.",
        ),
    ),
    params={
        "min_share": Param(
            float, 8.0, "The lowest share of comments in percent of the lines with text.", stricter=max
        ),
        "min_lines": Param(int, 30, "The lines of code from which on a share is owed.", stricter=min),
        "tests": Param(
            bool, False, "Whether test files count too.", stricter=lambda one, other: one or other
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_HEAD = "Start the file with `//!`: what it owns, and what a reader must know to change it."
_MORE = "Say why the code is as it is, where that is not plain: reasons, limits, what was tried."


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Count the comments of the files in scope."""
    failures, unreadable = [], []
    lowest: tuple[float, str] | None = None
    seen = 0
    for path in TreeScope(subject, Scope.ALL if scope is Scope.ALL else Scope.CHANGED).paths:
        if path in subject.head.test_files and not params["tests"]:
            continue
        file = subject.head.rust(path)
        if file.error_lines:
            unreadable.append(file)
            continue
        if _only_declares(file):
            continue
        seen += 1
        share = _share(file, frozenset(range(1, file.line_count + 1)), ())
        if len(file.code_lines) >= params["min_lines"] and (lowest is None or share < lowest[0]):
            lowest = share, path
        failures.extend(_problems(subject, file, params, scope, share))
    least = f", the lowest share of comments is {lowest[0]:.1f} % ({lowest[1]})" if lowest else ""
    evidence = Evidence(
        "measure",
        f"{seen} files looked at{least}",
        {
            "name": "lowest share of comments",
            "value": round(lowest[0], 1) if lowest else None,
            "unit": "%",
            "files": seen,
        },
    )
    good = f"all {seen} files in scope explain themselves" if seen else "no source files in scope"
    return settle(failures, (), unreadable, good, "{n} files explain too little", evidence)


def _problems(subject: Subject, file: RustFile, params: Params, scope: Scope, share: float) -> list[Finding]:
    changed = subject.change.files.get(file.path)
    is_new = changed is None or changed.status is FileStatus.ADDED
    if is_new and scope is not Scope.ALL and _is_moved(subject, file):
        return []
    wanted = params["min_share"]
    long = len(file.code_lines) >= params["min_lines"]
    if scope is Scope.RATCHET and not is_new and subject.base is not None:
        before = subject.base.rust(file.path)
        old = _share(before, frozenset(range(1, before.line_count + 1)), ())
        if long and share < min(old, wanted):
            return [Finding(file.path, None, f"{share:.1f} % comments, {old:.1f} % before", _MORE)]
        return []
    found = []
    if (is_new or scope is Scope.ALL) and not _has_head(file):
        found.append(Finding(file.path, 1, "the file does not say what it is for", _HEAD))
    if not long or share >= wanted:
        return found
    if changed is not None and not is_new and scope is not Scope.ALL:
        known = [comment.text for comment in subject.base.rust(file.path).comments] if subject.base else []
        added = changed.added_lines
        grown = len(added & file.code_lines) - len(changed.removed_lines)
        if grown < params["min_lines"] or _share(file, added, known) >= wanted:
            return found
    message = f"{share:.1f} % of its lines are comments, less than {wanted:g} %"
    return [*found, Finding(file.path, None, message, _MORE)]


def _is_moved(subject: Subject, file: RustFile) -> bool:
    """Whether a file that is gone from base held most of this one's lines."""
    lines = {line.strip() for line in file.source.split(b"\n")} - {b""}
    for path, changed in subject.change.files.items():
        if changed.status is FileStatus.DELETED and path.endswith(".rs") and subject.base is not None:
            old = {line.strip() for line in subject.base.read(path).split(b"\n")}
            if len(lines & old) >= _MOVED * len(lines):
                return True
    return False


def _share(file: RustFile, lines: frozenset[int], known: Iterable[str]) -> float:
    """The share of explaining lines among those lines that are not blank, in percent."""
    every = {line for line in lines if line not in file.blank_lines and line not in file.test_lines}
    if not every:
        return 100.0
    seen = set(known)
    explaining = set()
    for comment in file.comments:
        if comment.text in seen or not _explains(comment):
            continue
        seen.add(comment.text)
        texts = comment.text.split("\n")
        explaining |= {comment.line + offset for offset, text in enumerate(texts) if text.strip()}
    licence = _licence_lines(file)
    return 100.0 * len(explaining & every - licence) / max(1, len(every - licence))


def _explains(comment: Comment) -> bool:
    if comment.doc is None and all(_CODE.search(line) for line in comment.text.split("\n")):
        return False
    return len(re.findall(r"[^\W\d_]{2,}", comment.text)) >= 2 or comment.doc is not None


def _licence_lines(file: RustFile) -> frozenset[int]:
    """The lines of the comments at the top of a file that state a licence."""
    first = min(file.code_lines, default=file.line_count + 1)
    head = [comment for comment in file.comments if comment.line < first and comment.doc is None]
    if not any(_LICENCE.search(comment.text) for comment in head):
        return frozenset()
    return frozenset(line for comment in head for line in range(comment.line, comment.end_line + 1))


def _has_head(file: RustFile) -> bool:
    """Whether a file says at its top what it is for: its own documentation, or a comment before its code."""
    if file.doc and file.doc.strip():
        return True
    first = min(file.code_lines, default=file.line_count + 1)
    licence = _licence_lines(file)
    head = [comment for comment in file.comments if comment.line < first and comment.line not in licence]
    return any(_explains(comment) for comment in head)


def _only_declares(file: RustFile) -> bool:
    """Whether a file holds nothing but imports and declarations of modules; ``mod.rs`` often does."""
    top = [item for item in file.items if item.parent is None]
    return all(
        item.kind in ("use", "extern_crate") or (item.kind == "mod" and item.body is None) for item in top
    )
