"""Refuses names that are not as the definition or Rust's own conventions have them.

What it checks:
    With ``items`` every function, method, module, type, variant, constant and static that the change adds or
    renames (scope ``all``: every one) is written as Rust's API guidelines say: ``snake_case``,
    ``UpperCamelCase``, ``SCREAMING_SNAKE_CASE``. What cannot be renamed is left alone: implementations of a
    trait, foreign items, ``#[no_mangle]``, ``#[repr(C)]``, and what an ``#[allow]`` excuses. ``files``
    says how files of modules are named; programs, examples, benches and integration tests, whose files are
    no modules, may have hyphens. ``tests`` says whether names of tests start with ``test_``. ``commits``
    says how subjects of the change's commits read: ``conventional`` is ``feat(x): …``.

Why:
    A name in another style makes readers look for a meaning that is not there.

Evidence:
    The number of names looked at.

Unknown when:
    The parser finds no sense in a file in scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.items import Item, children_of, node_text
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_SNAKE = frozenset({"function", "mod"})
_CAMEL = frozenset({"struct", "enum", "union", "trait", "type"})
_SCREAMING = frozenset({"const", "static"})
_EXCUSES = {
    "snake_case": "non_snake_case",
    "UpperCamelCase": "non_camel_case_types",
    "SCREAMING_SNAKE_CASE": "non_upper_case_globals",
}
_CONVENTIONAL = re.compile(
    r"(?:feat|fix|docs|style|refactor|perf|test|tests|build|ci|chore|revert|deps|security|release)"
    r"(?:\([^()\s][^()]*\))?!?: \S"
)
# What git and its hosts write themselves.
_MADE = re.compile(r"(?:Merge |Revert \"|fixup! |squash! |amend! )")

GATE = Gate(
    id="naming_conventions",
    summary="names that are not as conventions have them",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:follow|use|adher\w+ to|respect|apply|match|obey)\b[^.;]{0,30}"
            r"\b(?:rust(?:'s)?|rfc 430|api guidelines'?|idiomatic|standard)\s+(?:rust\s+)?naming(?: conven"
            r"tions?)?\b",
            "Follow Rust naming conventions.",
            params={"items": True},
        ),
        Phrasing(
            r"\bsnake_case\b[^.;]{0,40}\b(?:functions?|variables?|methods?|modules?)\b[^.;]{0,60}"
            r"\b(?:PascalCase|(?:Upper)?CamelCase)\b[^.;]{0,40}\btypes?\b|"
            r"\b(?:functions?|methods?|variables?)\b[^.;]{0,40}\bsnake_case\b[^.;]{0,60}\b(?:types?|struct"
            r"s?|traits?)\b"
            r"[^.;]{0,40}\b(?:PascalCase|(?:Upper)?CamelCase)\b",
            "Use snake_case for functions and PascalCase for types.",
            params={"items": True},
        ),
        Phrasing(
            r"\b(?:file|module) ?names?\b[^.;]{0,30}\bsnake_case\b|"
            r"\bname\s+(?:all\s+|source\s+)*files?\s+in\s+snake_case\b",
            "File names are snake_case.",
            params={"files": "snake_case", "items": False},
        ),
        Phrasing(
            r"\bfile ?names?\b[^.;]{0,30}\bkebab-case\b",
            "File names are kebab-case.",
            params={"files": "kebab-case", "items": False},
        ),
        Phrasing(
            r"\b(?:test (?:function )?names?|tests?|test functions?)\b[^.;]{0,30}\b(?:start|begin|prefix\w"
            r"*)\w*\s+"
            r"(?:with\s+)?`test_?`",
            "Test names start with `test_`.",
            params={"tests": "prefix", "items": False},
            code_marks=True,
        ),
        Phrasing(
            r"\b(?:prefix|start|begin)(?:ing)?\s+(?:the\s+names?\s+of\s+)?tests?(?:\s+(?:names?|functions?"
            r"))?\s+"
            r"with\s+`test_?`",
            "Do not prefix tests with `test_`.",
            params={"tests": "no_prefix", "items": False},
            negative=True,
            code_marks=True,
        ),
        Phrasing(
            r"\b(?:use|follow|write|adher\w+ to|with|in)\b[^.;]{0,30}\bconventional[- ]commits?\b"
            r"|\bcommit messages?\b[^.;]{0,40}\bconventional(?:[- ]commits?)?\b",
            "Follow Conventional Commits.",
            params={"commits": "conventional", "items": False},
        ),
        Phrasing(
            r"^\W*(?:(?:naming|names?|naming conventions?):\s*)?(?:(?:variables?|functions?|vars?|"
            r"fns?|modules?|"
            r"methods?|types?|structs?|enums?|traits?|constants?|consts?|statics?|fields?)(?:\s*(?:,|/|&|and)+\s*)?)+"
            r"(?:\s+names?)?\s*(?::|=|→|->|in|use|are|must be)+\s*(?:snake_case|(?:Upper)?CamelCase|"
            r"PascalCase|"
            r"(?:SCREAMING_SNAKE|UPPER_SNAKE|SCREAMING_SNAKE_CASE|UPPER_SNAKE_CASE|SCREAMING)(?:_CASE)?)\b",
            "Types: UpperCamelCase",
            params={"items": True},
        ),
        Phrasing(
            r"\b(?:use|prefer|in)\s+(?:snake_case|(?:Upper)?CamelCase|PascalCase|SCREAMING_SNAKE_CASE|UPPER_SNAKE_CASE)"
            r"\s+for\s+(?:all\s+)?(?:functions?|variables?|methods?|types?|structs?|enums?|traits?|constants?|"
            r"fields?)\b(?![^.;]*\b(?:json|api|endpoints?|columns?|tables?|database|url)\b)",
            "Use snake_case for functions and variables.",
            params={"items": True},
        ),
        Phrasing(
            r"\bcommit messages?\b[^.;]{0,30}?:?\s*(?:that\s+)?:?\s*starts?\s+with\s+(?:the|"
            r"a)\s+(?:\w+\s+)?type "
            r"prefix\b|\bcommit messages?\s+(?:must\s+|should\s+)?(?:start|begin)s?\s+with\s+(?:a\s+|the\s+)?"
            r"(?:type|`?feat:?`?)\b",
            "Write a commit message that starts with the type prefix (feat:, fix:).",
            params={"commits": "conventional", "items": False},
        ),
    ),
    params={
        "items": Param(
            bool,
            True,
            "Whether items are named as Rust's guidelines say.",
            stricter=lambda one, other: one or other,
        ),
        "files": Param(
            str,
            "snake_case",
            "How files of modules are named; `any` leaves them alone.",
            allowed=("snake_case", "any", "kebab-case"),
        ),
        "tests": Param(
            str,
            "any",
            "Whether names of tests start with `test_`: `prefix`, `no_prefix` or `any`.",
            allowed=("any", "prefix", "no_prefix"),
        ),
        "commits": Param(str, "any", "How subjects of commits are written.", allowed=("any", "conventional")),
    },
    inputs=("head", "base", "commits"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look at every name in scope."""
    judged = TreeScope(subject, scope)
    before = _names_before(subject) if scope is Scope.CHANGED else frozenset()
    failures: list[Finding] = []
    unreadable, seen = [], 0
    for path in judged.paths:
        file = subject.head.rust(path)
        if (scope is not Scope.CHANGED or path not in _paths_before(subject)) and (
            problem := _file_problem(path, params["files"])
        ):
            failures.append(problem)
        if file.error_lines:
            unreadable.append(file)
            continue
        for name, kind, line, finding in _names(file, params):
            seen += 1
            if finding is not None and (kind, name) not in before and judged.holds_line(path, line):
                failures.append(finding)
    if params["commits"] == "conventional":
        seen += len(subject.commits)
        failures += [
            Finding(
                None,
                None,
                f"the subject of {commit.id[:10]} is not conventional: {commit.subject[:80]!r}",
                "Write `type(scope): what it does`, with a type such as feat, fix, docs or test.",
            )
            for commit in subject.commits
            if not _CONVENTIONAL.match(commit.subject) and not _MADE.match(commit.subject)
        ]
    evidence = Evidence(
        "measure",
        f"{seen} names looked at",
        {"name": "names against conventions", "value": len(failures), "unit": "names", "names": seen},
    )
    return settle(
        failures,
        (),
        unreadable,
        f"all {seen} names in scope are as they should be",
        "{n} names are not",
        evidence,
    )


def _paths_before(subject: Subject) -> frozenset[str]:
    return subject.base.paths if subject.base is not None else frozenset()


def _names_before(subject: Subject) -> frozenset[tuple[str, str]]:
    """The names that base had in the files that differ: what was only moved is not named anew."""
    if subject.base is None:
        return frozenset()
    known = [path for path in subject.change.files if path in subject.base.rust_paths]
    return frozenset((item.kind, item.name) for path in known for item in subject.base.rust(path).items)


def _file_problem(path: str, style: str) -> Finding | None:
    folder, _, name = path.rpartition("/")
    parts = folder.split("/")
    stem = name.removesuffix(".rs")
    if style == "any" or "src" not in parts or {"bin", "tests", "benches", "examples"} & set(parts):
        return None
    pattern = r"[a-z0-9_]+" if style == "snake_case" else r"[a-z0-9-]+|mod|lib|main"
    if re.fullmatch(pattern, stem):
        return None
    return Finding(path, None, f"`{name}` is not {style}", "Rename the file and its `mod` declaration.")


def _names(file: RustFile, params: Params) -> Iterator[tuple[str, str, int, Finding | None]]:
    for item in file.items:
        yield item.name, item.kind, item.line, _problem(file, item, params)
        if item.kind == "enum" and params["items"] and not _excused(item, "UpperCamelCase"):
            for name, line in _variants(item):
                wrong = not _is_camel(name)
                yield name, "variant", line, _wrong(file, line, name, "UpperCamelCase") if wrong else None


def _problem(file: RustFile, item: Item, params: Params) -> Finding | None:
    if item.is_test and params["tests"] != "any":
        has = item.name.startswith("test_")
        if has != (params["tests"] == "prefix"):
            said = "does not start with `test_`" if not has else "starts with `test_`"
            return Finding(file.path, item.line, f"the test `{item.name}` {said}", "Rename it.")
    if not params["items"] or item.in_trait_impl or not item.name:
        return None
    style = _style(item)
    if style is None or _excused(item, style):
        return None
    return None if _FITS[style](item.name) else _wrong(file, item.line, item.name, style)


def _style(item: Item) -> str | None:
    if item.name == "_" or (item.parent is not None and item.parent.kind == "extern_block"):
        return None
    if item.kind in _SNAKE:
        return "snake_case"
    if item.kind in _CAMEL:
        return "UpperCamelCase"
    return "SCREAMING_SNAKE_CASE" if item.kind in _SCREAMING else None


def _excused(item: Item, style: str) -> bool:
    """Whether an attribute, of the item or of what it stands in, keeps the name as it is."""
    for text in item.attributes:
        name = attribute_name(text)
        if name in ("no_mangle", "export_name", "unsafe") or (name == "repr" and re.search(r"\bC\b", text)):
            return True
        if name in ("allow", "expect") and re.search(
            rf"\b(?:{_EXCUSES[style]}|nonstandard_style|bad_style)\b", text
        ):
            return True
    return item.parent is not None and _excused(item.parent, style)


def _variants(item: Item) -> Iterator[tuple[str, int]]:
    body = item.body
    for variant in children_of(body, "enum_variant") if body is not None else ():
        name = variant.child_by_field_name("name")
        if name is not None:
            yield node_text(name), name.start_point.row + 1


def _wrong(file: RustFile, line: int, name: str, style: str) -> Finding:
    return Finding(file.path, line, f"`{name}` is not {style}", f"Rename it to {style}.")


def _is_snake(name: str) -> bool:
    return not any(letter.isupper() for letter in name) and "__" not in name.strip("_")


def _is_camel(name: str) -> bool:
    trimmed = name.strip("_")
    if not trimmed or trimmed[0].islower():
        return False
    # Between digits an underscore keeps numbers apart: `Version1_2`.
    return not re.search(r"(?<!\d)_|_(?!\d)", trimmed)


def _is_screaming(name: str) -> bool:
    return not any(letter.islower() for letter in name)


_FITS = {"snake_case": _is_snake, "UpperCamelCase": _is_camel, "SCREAMING_SNAKE_CASE": _is_screaming}
