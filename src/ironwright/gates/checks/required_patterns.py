"""Refuses files that lack what a team's own rules demand of them: a header, an attribute, a derive.

What it checks:
    Every file that the change adds, and that one of ``rules`` is about, holds what the rule demands; a file
    that had it does not lose it (scope ``all``: every file of the repository). A rule is a table in
    ``ironwright.toml`` (``[[gates.required_patterns.rules]]``) with a ``message``, one of ``code``, ``text``,
    ``regex`` or ``query``, and ``paths``, ``except`` and ``languages`` that say of which files;
    ``start = true`` demands a text at the file's start, ``library = true`` speaks of library targets only.
    ``crate_attributes`` (``#![deny(missing_docs)]``) must stand in every crate's root file.
    ``error_derive`` names the crate whose derive every public error type of a library that the change adds or
    alters must use (``thiserror``).

Why:
    What every file must have is what one forgets in the next file.

Evidence:
    The number of files looked at and of rules.

Unknown when:
    A rule cannot be read, or the parser finds no sense in a file whose syntax is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.patterns.rules import Rule, entry
from ironwright.gates.patterns.search import files_of, places, read_rules, shown, unreadable
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.attributes import argument_text, attribute_name
from ironwright.gates.rust.items import Item
from ironwright.gates.rust.modules import library_files
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.change import FileStatus
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_ROOT = re.compile(r"(?:^|/)src/(?:lib|main)\.rs$|(?:^|/)src/bin/(?:[^/]+|[^/]+/main)\.rs$")
_ATTRIBUTE = r"`#!\[(?!allow|cfg_attr)[^`\n]{3,80}\]`"
_ROOT_WORDS = (
    r"(?:(?:the |every |each |all |your )*(?:lib\.rs|main\.rs|crates?(?: roots?)?|librar(?:y|ies)|root modu"
    r"les?))"
)
_DERIVES = r"(?:thiserror|snafu|displaydoc)"


def read_header(words: str) -> tuple[str, ...]:
    """The rule that a quoted header at the start of every Rust file states."""
    text = words.strip("` ")
    return (json.dumps({"text": text, "start": True, "languages": ["rust"]}, sort_keys=True),) if text else ()


def read_attributes(words: str) -> tuple[str, ...]:
    """The inner attributes that words of a sentence name."""
    return tuple(dict.fromkeys(re.findall(r"#!\[[^`\n]+?\](?=`)", words)))


GATE = Gate(
    id="required_patterns",
    summary="files that lack what a team's own rules demand",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:every|each|all)\s+(?:new\s+|source\s+|rust\s+|`?\.rs`?\s+)*files?\b[^.;`]{0,30}"
            r"\b(?:starts?|begins?|opens?)\s+with\b[^.;`]{0,40}(?P<rules>`//[^`\n]{3,120}`)",
            "Every source file must start with `// SPDX-License-Identifier: MIT`.",
            code_marks=True,
        ),
        Phrasing(
            rf"\b(?:add|put|use|set|declare|include|enable|keep)\s+(?P<crate_attributes>{_ATTRIBUTE}"
            rf"(?:(?:,\s*|\s+and\s+){_ATTRIBUTE})*)\s+(?:to|in|at the top of|for|on)\s+`?{_ROOT_WORDS}",
            "Add `#![deny(missing_docs)]` to every crate.",
            code_marks=True,
        ),
        Phrasing(
            r"\b(?:every|each|all)\s+(?:library\s+|new\s+)*(?:crates?(?: roots?)?|lib\.rs|librar(?:y|ies))\b"
            rf"[^.;`]{{0,30}}(?P<crate_attributes>{_ATTRIBUTE}(?:(?:,\s*|\s+and\s+){_ATTRIBUTE})*)",
            "Every crate must declare `#![warn(missing_docs)]`.",
            code_marks=True,
        ),
        Phrasing(
            rf"\buse\s+(?:the\s+)?`?(?P<error_derive>{_DERIVES})`?(?:\s+crate)?\s+to (?:define|deri"
            rf"ve|create|"
            r"build|implement)\s+(?:all\s+|any\s+|your\s+|the\s+|library\s+|custom\s+|domain\s+|typed\s+|"
            r"structured\s+|public\s+)*(?:error (?:types?|enums?|definitions?)|errors?\b(?! (?:handling|me"
            r"ssages?)))",
            "Use thiserror to define error types.",
        ),
        Phrasing(
            r"\b(?:define|derive|create|implement|declare)\s+(?:all\s+|custom\s+|library\s+|domain\s+|publ"
            r"ic\s+)*"
            rf"(?:error (?:types?|enums?)|errors)\s+(?:with|using|via|through)\s+`?(?P<error_derive>"
            rf"{_DERIVES})`?",
            "Define error types with thiserror.",
        ),
    ),
    params={
        "rules": Param(
            tuple, (), "What files must hold: tables as described above.", read=read_header, entry=entry
        ),
        "crate_attributes": Param(
            tuple, (), "Attributes that every crate's root file must have.", read=read_attributes
        ),
        "error_derive": Param(str, "", "The crate that public error types are derived with."),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for what each rule demands in the files that it is about."""
    rules = read_rules(params["rules"])
    failures: list[Finding] = []
    doubtful: dict[str, RustFile] = {}
    seen: set[str] = set()
    for rule in rules:
        for path in files_of(rule, subject.head):
            if not _owes(subject, scope, rule, path):
                continue
            seen.add(path)
            if unreadable(rule, subject.head, path):
                doubtful[path] = subject.head.rust(path)
            elif not any(True for _ in places(rule, subject.head, path)):
                failures.append(_lacking(rule, path))
    attributes = [Rule("code", text) for text in params["crate_attributes"]]
    for path in filter(_ROOT.search, subject.head.rust_paths):
        for rule in attributes:
            if _owes(subject, scope, rule, path):
                seen.add(path)
                if not _has_attribute(subject.head.rust(path), rule.pattern):
                    failures.append(
                        Finding(path, 1, f"the crate's root lacks {shown(rule)}", "Add it at the top.")
                    )
    if params["error_derive"]:
        for file, found in _error_types(subject, TreeScope(subject, scope), params["error_derive"]):
            seen.add(file.path)
            if file.error_lines:
                doubtful[file.path] = file
            failures += found
    evidence = Evidence(
        "measure",
        f"{len(seen)} files looked at",
        {"name": "lacking", "value": len(failures), "unit": "files", "files": len(seen)},
    )
    good = "every file in scope holds what it must" if seen else "no file in scope owes anything"
    return settle(failures, (), doubtful.values(), good, "files and types that lack something: {n}", evidence)


def _owes(subject: Subject, scope: Scope, rule: Rule, path: str) -> bool:
    """Whether a file is held to a rule: it is new, or it held the pattern before the change."""
    if scope is not Scope.CHANGED:
        return True
    changed = subject.change.files.get(path)
    if changed is None:
        return False
    if changed.status is FileStatus.ADDED or subject.base is None:
        return not _only_moved(subject, path)
    return path in subject.base.paths and any(True for _ in places(rule, subject.base, path))


def _only_moved(subject: Subject, path: str) -> bool:
    content = subject.head.read(path)
    gone = (other for other, file in subject.change.files.items() if file.status is FileStatus.DELETED)
    return subject.base is not None and any(subject.base.read(other) == content for other in gone)


def _lacking(rule: Rule, path: str) -> Finding:
    where = " at its start" if rule.start else ""
    message = rule.message or f"the file does not hold {shown(rule)}{where}"
    return Finding(path, 1, message, f"Add {shown(rule)}{where}.")


def _has_attribute(file: RustFile, wanted: str) -> bool:
    """Whether a file has an inner attribute; a lint may be forbidden where it is only to be denied."""
    inside = wanted.removeprefix("#![").removesuffix("]")
    name, listed = attribute_name(inside), _listed(inside)
    levels = {"warn": ("warn", "deny", "forbid"), "deny": ("deny", "forbid")}.get(name, (name,))
    if not listed:
        return any("".join(text.split()) == "".join(inside.split()) for text in file.inner_attributes)
    held = {
        lint for text in file.inner_attributes if attribute_name(text) in levels for lint in _listed(text)
    }
    return listed <= held


def _listed(attribute: str) -> frozenset[str]:
    return frozenset(part.strip() for part in argument_text(attribute).split(",") if part.strip())


def _error_types(subject: Subject, judged: TreeScope, crate: str) -> Iterator[tuple[RustFile, list[Finding]]]:
    library = library_files(subject.head)
    for path in judged.paths:
        if path not in library or path in subject.head.test_files:
            continue
        file = subject.head.rust(path)
        found = [
            Finding(
                path, item.line, f"`{item.name}` is not derived with {crate}", f"Derive it: `{crate}::…`."
            )
            for item in file.items
            if _is_error_type(item) and judged.holds(file, item) and not _derives_error(item)
        ]
        yield file, found


def _is_error_type(item: Item) -> bool:
    named = item.kind in ("enum", "struct") and item.name.endswith("Error") and item.is_public
    return named and not item.in_test and not item.is_nested


def _derives_error(item: Item) -> bool:
    derives = [
        argument_text(text) for text in item.attributes if attribute_name(text) in ("derive", "cfg_attr")
    ]
    return any(re.search(r"\b(?:Error|Snafu)\b", text) for text in derives)
