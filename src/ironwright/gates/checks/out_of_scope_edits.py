"""Refuses edits of files that the change has no business to touch.

What it checks:
    Every file that the change adds, alters or removes is meant by ``allowed`` where that is given, and by
    none of ``forbidden``. With ``from_task`` the limits that the run's task states hold as well ("only touch
    files under `src/parser`", "do not modify `Cargo.toml`"). With ``generated`` a file that said of itself,
    before the change, that it is generated and not to be edited is left alone; where the change also alters
    the source that the file names, its new text is a remark. Lock files are their package manager's.
    ``Cargo.lock`` follows the manifests: it may change where one of them may and did.

Why:
    What nobody asked for nobody reviews, and it collides with the work of others.

Evidence:
    The number of files that differ, and the limits.

Unknown when:
    Nothing says which files the change may touch, or a limit names nothing inside the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.path_patterns import leaves_repository, matches, matches_any
from ironwright.gates.subject import Subject
from ironwright.records.change import FileStatus
from ironwright.records.contract import Scope
from ironwright.records.journal import EventKind
from ironwright.records.verdict import Evidence, Finding

# A path has a slash, an ending or a wildcard; in back quotes one of them must be there as well.
_BARE = (
    r"(?:\.{0,2}/)?(?:[\w@.*-]+/)+[\w@.*-]*|[\w-]+\.(?:rs|toml|lock|md|ya?ml|json|sql|proto|txt|sh|lalrpop|"
    r"pest)|\*\.\w+"
)
_PATH = rf"`?(?>{_BARE})`?(?![\w/])"
_BETWEEN = r"(?:,\s*(?:or\s+|and\s+|nor\s+)?|\s+(?:or|and|nor)\s+)"
_PATHS = rf"(?:{_PATH})(?:{_BETWEEN}(?:the\s+)?{_PATH})*"
_EDIT = r"(?:touch|edit|modify|change|alter|write to|update|work on|make changes (?:to|in|under))(?:ing)?"
_FILES = r"(?:(?:the\s+|any\s+|existing\s+|files?\s+|code\s+|anything\s+|folders?\s+|director(?:y|ies)\s+)*)"
_UNDER = r"(?:(?:under|in|within|inside|below|from|matching|of)\s+)?(?:the\s+)?"
_ALWAYS = r"(?![^.;]*\b(?:unless|without|except|until|directly|by hand|manually|before|if|when)\b)"
_GENERATED = re.compile(
    rb"@generated|\bDO NOT (?:EDIT|MODIFY|CHANGE)\b|\bdo not edit (?:by hand|manually|this file|directly)\b"
    rb"|\b(?:auto-?generated|code generated|generated (?:automatically|code|by|from))\b",
    re.IGNORECASE,
)
_HEAD_LINES = 12
# Package managers write these themselves whenever a manifest changes.
_LOCKS = re.compile(r"(?:^|[/.-])lock(?:\.[a-z]+)?$|\.lock$", re.IGNORECASE)


def read_paths(words: str) -> tuple[str, ...]:
    """The paths that words of a sentence name, in their order."""
    found = [path.strip("`.,") for path in re.findall(rf"{_PATH}", words)]
    return tuple(dict.fromkeys(path.removeprefix("./") for path in found if path))


_ONLY = (
    rf"\bonly\s+{_EDIT}\s+{_FILES}{_UNDER}(?P<allowed>{_PATHS})",
    rf"\b{_EDIT}\s+only\s+{_FILES}{_UNDER}(?P<allowed>{_PATHS})",
    rf"\b(?:limit|restrict|confine|keep)\s+(?:your\s+|all\s+|the\s+)*(?:changes?|edits?|work|yourself)\s+t"
    rf"o\s+"
    rf"{_FILES}{_UNDER}(?P<allowed>{_PATHS})",
)
_NOT = (
    rf"(?:\b(?:never|not|no|avoid|without)|n['’]t)\s+(?:ever\s+)?{_EDIT}\s+{_FILES}{_UNDER}"
    rf"(?P<forbidden>{_PATHS}){_ALWAYS}"
)

GATE = Gate(
    id="out_of_scope_edits",
    summary="edits of files that the change may not touch",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(_ONLY[0], "Only touch files under `src/parser/`."),
        Phrasing(_ONLY[1], "Modify only files in `crates/core/`."),
        Phrasing(_ONLY[2], "Limit your changes to `src/parser/`."),
        Phrasing(_NOT, "Do not modify `migrations/` or `build.rs`.", negative=True),
        Phrasing(
            rf"\b{_EDIT}\s+(?:any\s+|the\s+)?(?:auto-?)?generated (?:files?|code|sources?)\b",
            "Never edit generated files.",
            params={"generated": True},
            negative=True,
        ),
        Phrasing(
            r"\b(?:stay (?:with)?in|keep (?:to|within)|respect)\s+(?:the\s+)?(?:scope|files?|paths?)\s+(?:"
            r"of|given by|"
            r"named (?:in|by)|stated (?:in|by)|that)\s+(?:the\s+)?task\b|"
            r"\b(?:do not|don['’]t|never)\s+(?:touch|edit|modify|change)\s+(?:files?|code|anything)\s+"
            r"(?:outside|beyond)\s+(?:of\s+)?(?:the\s+)?(?:scope|task)\b",
            "Do not touch files outside the scope of the task.",
            params={"from_task": True},
        ),
        Phrasing(
            rf"(?:\b(?:never|not|no|avoid|without)|n['’]t)\s+(?:ever\s+)?{_EDIT}\s+(?:anything|any "
            rf"files?|files?|any code|code)\s+outside(?:\s+of)?\s+"
            rf"(?:the\s+)?(?P<allowed>{_PATHS}){_ALWAYS}",
            "Never change anything outside `src/`.",
            negative=True,
        ),
        Phrasing(
            r"(?:\b(?:never|not|no|avoid|without)|n['’]t)\s+(?:ever\s+)?(?:add|create|put|place|write)(?:ing)?\s+"
            r"(?:any\s+)?(?:new\s+)?files?\s+(?:to|in|into|under|inside)\s+(?:the\s+)?"
            rf"(?P<forbidden>{_PATHS}){_ALWAYS}",
            "Do not add new files to `examples/`.",
            negative=True,
        ),
    ),
    params={
        "allowed": Param(
            tuple,
            (),
            "The only files that may change, as patterns of paths; all where empty.",
            read=read_paths,
        ),
        "forbidden": Param(tuple, (), "Files that must not change, as patterns of paths.", read=read_paths),
        "generated": Param(bool, False, "Whether generated files must not be edited.", stricter=max),
        "from_task": Param(bool, False, "Whether limits that the run's task states hold.", stricter=max),
    },
    inputs=("head", "base", "journal"),
    scopes=(Scope.CHANGED,),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare what differs with the limits."""
    del scope  # an edit is a change
    allowed, forbidden = tuple(params["allowed"]), tuple(params["forbidden"])
    if params["from_task"]:
        more, less = _limits_of(_tasks(subject))
        allowed, forbidden = (*allowed, *more), (*forbidden, *less)
    for pattern in (*allowed, *forbidden):
        if leaves_repository(pattern):
            raise Unknown(f"{pattern!r} names nothing inside the repository; correct the limit")
    if not allowed and not forbidden and not params["generated"]:
        if params["from_task"] and subject.journal is not None:
            return passed("the task limits no files")
        raise Unknown("nothing says which files may change; name them in `allowed` or `forbidden`")
    failures = list(_outside(subject, allowed, forbidden))
    remarks: list[Finding] = []
    if params["generated"]:
        for finding, excused in _edited_by_hand(subject):
            (remarks if excused else failures).append(finding)
    limits = [f"only {', '.join(allowed)}"] if allowed else []
    limits += [f"not {', '.join(forbidden)}"] if forbidden else []
    limits += ["no generated files"] if params["generated"] else []
    evidence = Evidence(
        "measure",
        f"files that differ: {len(subject.change.files)}; limits: {'; '.join(limits)}",
        {"name": "files out of scope", "value": len(failures), "unit": "files"},
    )
    if failures:
        return failed(f"edits out of scope: {len(failures)}", tuple(failures), evidence)
    return passed("every edit is in scope", evidence, findings=tuple(remarks))


def _outside(subject: Subject, allowed: Sequence[str], forbidden: Sequence[str]) -> Iterator[Finding]:
    files = subject.change.files
    manifests = [path for path in files if path.rpartition("/")[2] == "Cargo.toml"]
    manifest_may = any(
        (not allowed or matches_any(path, allowed)) and not matches_any(path, forbidden) for path in manifests
    )
    for path in sorted(files):
        verb = {FileStatus.ADDED: "added", FileStatus.DELETED: "removed"}.get(files[path].status, "altered")
        barred = next((pattern for pattern in forbidden if matches(path, pattern)), None)
        if barred is not None:
            yield Finding(
                path, None, f"{verb}, although `{barred}` must not be touched", "Take this edit back."
            )
        elif allowed and not matches_any(path, allowed):
            if path.rpartition("/")[2] == "Cargo.lock" and manifest_may:
                continue
            named = ", ".join(f"`{pattern}`" for pattern in allowed)
            advice = "Take this edit back, or ask whether it belongs to the work."
            yield Finding(path, None, f"{verb}, although only {named} may change", advice)


def _edited_by_hand(subject: Subject) -> Iterator[tuple[Finding, bool]]:
    """Generated files of base that differ, and whether what they are made from changed as well."""
    if subject.base is None:
        return
    for path, changed in sorted(subject.change.files.items()):
        if changed.status is not FileStatus.MODIFIED or path not in subject.base.paths:
            continue
        if _LOCKS.search(path):
            continue
        head_lines = subject.base.read(path).split(b"\n")[:_HEAD_LINES]
        comments = [line for line in head_lines if re.match(rb"\s*(?://|#|/?\*|--|;|<!--|%)", line)]
        mark = next((line for line in comments if _GENERATED.search(line)), None)
        if mark is None:
            continue
        words = b" ".join(comments).decode("utf-8", "replace")
        named = {word.strip("`'\"(),:;.").lstrip("./") for word in words.split()}
        excused = any(
            other != path and (other in named or other.rpartition("/")[2] in named)
            for other in subject.change.files
        )
        message = "it says of itself that it is generated, and was altered"
        yield Finding(path, None, message, "Change what it is made from and generate it again."), excused


def _tasks(subject: Subject) -> list[str]:
    if subject.journal is None:
        raise Unknown("there is no journal, so nothing says what the task was")
    kinds = (EventKind.RUN_STARTED, EventKind.ATTEMPT_STARTED)
    return [str(event.data.get("task", "")) for event in subject.journal if event.kind in kinds]


def _limits_of(tasks: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files that tasks allow only, and those that they forbid."""
    allowed: list[str] = []
    forbidden: list[str] = []
    for task in tasks:
        for sentence in re.split(r"(?<=[.;!?])\s+|\n", task):
            denied = re.search(_NOT, sentence, re.IGNORECASE)
            if denied:
                forbidden += read_paths(denied["forbidden"])
                continue
            for pattern in _ONLY:
                if found := re.search(pattern, sentence, re.IGNORECASE):
                    allowed += read_paths(found["allowed"])
    return tuple(dict.fromkeys(allowed)), tuple(dict.fromkeys(forbidden))
