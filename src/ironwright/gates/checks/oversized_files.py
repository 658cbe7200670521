"""Refuses Rust files that are longer than a limit.

What it checks:
    Every Rust file that the change touches (scope ``all``: every one of the repository) has at most
    ``max_lines`` lines. A limit in "lines of code" leaves blank lines and lines with nothing but comments
    out (``count = "code"``), for whoever also demands thorough comments must not be punished for them; any
    other limit counts every line. A touched file that was over the limit before and did not grow is a
    remark, so that old debt does not block small repairs; scope ``ratchet`` judges untouched files so too.

Why:
    A long file is read in part only, by people and by agents; what was not read gets broken.

Evidence:
    The number of files measured and the longest of them, counted in the committed tree.

Unknown when:
    Lines of code are to be counted in a file in which the parser finds no sense (it may start a comment or
    a string that never ends). Counting every line has no such case.
"""

from __future__ import annotations

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.subject import SourceTree, Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_FILE = r"(?:files?|modules?)"
_NUMBER = r"~?(?P<max_lines>\d[\d,]*)"
_CODE = r"\s*(?:lines? of (?:\w+ )?code|sloc|loc|code lines)\b"
_PLAIN = r"[\s-]*lines?\b(?! of (?:\w+ )?code)"
_OVER = r"(?:more than|over|exceed(?:s|ing)?|longer than|larger than|above|beyond|>)\s*"
_UNDER = (
    r"(?:at most|under|below|up to|within|no more than|no longer than|not more than|fewer than|less than|"
    r"max(?:imum)?(?: of)?:?|limited to|limit(?: of)?:?|<=?|≤)\s*"
)
# Between the file and its limit no other noun that could be what is limited (functions, methods, commits).
_GAP = r"(?:(?!\bfunctions?\b|\bmethods?\b|\bchanges?\b|\bdiffs?\b|\btests?\b)[^.;]){0,40}?"

GATE = Gate(
    id="oversized_files",
    summary="Rust files that are longer than a limit",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            rf"\b{_FILE}\b{_GAP}{_OVER}{_NUMBER}{_CODE}",
            "Don't create files with more than 200 lines of code.",
            params={"count": "code"},
            negative=True,
        ),
        Phrasing(
            rf"\b{_FILE}\b{_GAP}{_OVER}{_NUMBER}{_PLAIN}",
            "Files must not exceed 500 lines.",
            negative=True,
        ),
        Phrasing(
            rf"\b{_FILE}\b{_GAP}{_UNDER}{_NUMBER}{_CODE}",
            "Ensure source files stay under 1,000 lines of code.",
            params={"count": "code"},
        ),
        Phrasing(rf"\b{_FILE}\b{_GAP}{_UNDER}{_NUMBER}{_PLAIN}", "Keep every file under 300 lines."),
        Phrasing(
            rf"{_UNDER}{_NUMBER}{_CODE}\s*(?:per|a|in (?:a|each|every|any)|for each)\s+(?:\w+ )?{_FILE}\b",
            "Write at most 200 lines of code per file.",
            params={"count": "code"},
        ),
        Phrasing(
            rf"{_UNDER}{_NUMBER}{_PLAIN}\s*(?:per|a|in (?:a|each|every|any)|for each)\s+(?:\w+ )?{_FILE}\b",
            "Maximum 400 lines per file.",
        ),
        Phrasing(
            rf"\b(?:split|break up|divide)\b(?: up)?\s+(?:any |all |every )?(?:\w+ )?{_FILE}\b{_GAP}"
            rf"{_OVER}{_NUMBER}{_PLAIN}",
            "Split any file over 300 lines into smaller modules.",
        ),
        Phrasing(
            rf"\b{_FILE}\s+(?:size|length)s?\b{_GAP}(?::|is|of|to|be|stay|=|≤|<=?|under|below)\s*(?:at "
            rf"most\s+|max\.?\s+|maximum\s+|≤\s*|<=?\s*)*"
            rf"{_NUMBER}{_CODE}",
            "Maximum file length: 300 lines of code",
            params={"count": "code"},
        ),
        Phrasing(
            rf"\b{_FILE}\s+(?:size|length)s?\b{_GAP}(?::|is|of|to|be|stay|=|≤|<=?|under|below)\s*(?:at "
            rf"most\s+|max\.?\s+|maximum\s+|≤\s*|<=?\s*)*"
            rf"{_NUMBER}{_PLAIN}",
            "Maximum file length: 300 lines",
        ),
        Phrasing(
            rf"\b(?:limit|cap|restrict|keep|hold)\w*\s+(?:the\s+)?(?:length of\s+)?(?:all\s+|each\s+|"
            rf"every\s+|any\s+|your\s+)?(?:\w+\s+){{0,2}}?{_FILE}"
            rf"\s+(?:to|at)\s+(?:a maximum of\s+|at most\s+|max\.?\s+)?{_NUMBER}{_PLAIN}",
            "Limit files to 350 lines.",
        ),
        Phrasing(
            rf"\b{_FILE}\b{_GAP}\b(?:shorter|smaller)\s+than\s*{_NUMBER}{_PLAIN}",
            "Files must be shorter than 600 lines.",
        ),
        Phrasing(
            rf"\b(?:if|when|once|whenever)\s+(?:a|any|the|one)\s+(?:\w+\s+)?{_FILE}\b{_GAP}\b(?:past|"
            rf"over|beyond|above|exceed\w*|more than|reach\w*)\s*"
            rf"{_NUMBER}{_PLAIN}[^.;]{{0,30}}\b(?:split|break|refactor|divide)\b",
            "If a file grows past 500 lines, split it.",
        ),
        Phrasing(
            rf"{_NUMBER}\+?[\s-]lines?\s+{_FILE}\s+(?:is|are)\s+(?:never\s+|not\s+)?(?:un)?(?:acceptable|allowed|"
            rf"tolerated|forbidden|banned)\b",
            "A 3000+ line file is unacceptable.",
        ),
    ),
    params={
        "max_lines": Param(int, 200, "The most lines that a file may have.", stricter=min),
        "count": Param(
            str,
            "all",
            "Which lines count: `all`, or `code` (neither blank nor nothing but comments).",
            stricter=min,  # "all" counts more lines than "code", and sorts before it
            allowed=("all", "code"),
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Measure the files in scope."""
    limit, code_only = params["max_lines"], params["count"] == "code"
    unit = "lines of code" if code_only else "lines"
    failures, remarks, unreadable = [], [], []
    longest, paths = 0, TreeScope(subject, scope).paths
    for path in paths:
        file = subject.head.rust(path)
        if code_only and file.error_lines:
            # Even a file full of comments is within the limit when all of its lines are.
            if file.line_count > limit:
                unreadable.append(file)
            continue
        length = _length(subject.head, path, code_only)
        longest = max(longest, length)
        if length <= limit:
            continue
        before = _length(subject.base, path, code_only)
        was_over = before > limit and length <= before and scope != Scope.ALL
        message = f"{length} {unit}, the limit is {limit}"
        if was_over:
            remarks.append(Finding(path, None, f"{message}; it had {before} before this change"))
        else:
            advice = "Split it by concern: a module folder with one file for each part."
            failures.append(Finding(path, limit + 1 if not code_only else None, message, advice))
    evidence = Evidence(
        "measure",
        f"files measured: {len(paths)}; the longest has {longest} {unit}",
        {"name": "longest file", "value": longest, "unit": unit, "files": len(paths), "limit": limit},
    )
    good = f"no file in scope has more than {limit} {unit}"
    if remarks:
        good = f"no file grew beyond {limit} {unit}; {len(remarks)} were longer before and did not grow"
    return settle(
        failures, remarks, unreadable, good, f"files with more than {limit} {unit}: {{n}}", evidence
    )


def _length(tree: SourceTree | None, path: str, code_only: bool) -> int:
    """The length of a file, 0 where there is none."""
    if tree is None or path not in tree.paths:
        return 0
    file = tree.rust(path)
    return len(file.code_lines) if code_only else file.line_count
