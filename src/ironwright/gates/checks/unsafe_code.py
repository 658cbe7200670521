"""Refuses unsafe code where a definition allows none.

What it checks:
    On the lines that the change adds (scope ``all``: on every line), there is no ``unsafe`` block, function,
    implementation, trait, foreign block or attribute (``#[unsafe(no_mangle)]``), also among the tokens of a
    macro; files that ``allowed_paths`` means may have it. What only mentions it, such as the type of a
    pointer to an unsafe function, does no harm. Unsafe code in tests is a remark unless ``tests`` is on. A
    crate that neither has ``#![forbid(unsafe_code)]`` (or ``deny``) nor the lint in its manifest is a remark
    too: with it the compiler itself refuses.

Why:
    One unsound line takes back what the language promises for the whole program.

Evidence:
    The number of files looked at and of unsafe places.

Unknown when:
    The parser finds no sense in a file in scope that speaks of ``unsafe``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from posixpath import dirname

from tree_sitter import Node

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.path_patterns import matches_any
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.items import descend
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import SourceTree, Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

_UNSAFE = r"`?unsafe`?(?:\s+(?:code|rust|blocks?|functions?|keyword|fn|operations?))*"
# "No unsafe without a comment" asks for the comment; "if necessary" leaves it to the author.
_WHOLLY = (
    r"(?![^.;]*\b(?:without|unless|except|if|when|where|outside|beyond|other than|that|which|until|unneces"
    r"sar\w+|"
    r"undocumented|only|justif\w+|document\w+|possible|lightly|absolutely|needed|required|casually)\b)"
)
_UNLESS_ASKED = (
    r"unless\s+(?:it\s+is\s+|you\s+are\s+)?(?:explicitly|specifically)\s+(?:allowed|approved|requested|"
    r"required|asked|told|instructed|permitted|authori[sz]ed)\b"
)
_LINT = re.compile(r"(?:forbid|deny)\s*\([^)]*\bunsafe_code\b")

GATE = Gate(
    id="unsafe_code",
    summary="unsafe code where none is allowed",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"(?:\b(?:no|never|avoid|forbid\w*|prohibit\w*|ban\w*|not|without|zero|disallow\w*)|n['’]t)\s+"
            r"(?:use\s+|using\s+|write\s+|writing\s+|introduce\s+|add\s+|any\s+|the\s+use\s+of\s+|all\s+)*"
            rf"{_UNSAFE}\s*(?=$|[.;!,)(–—]|in (?:this|the|our|any|new)\b|anywhere|at all|ever\b|is\b|are\b)"
            rf"{_WHOLLY}",
            "Never use unsafe code.",
            negative=True,
        ),
        Phrasing(
            rf"{_UNSAFE}(?=\s+(?:is|are)\s+(?:strictly\s+)?(?:forbidden|prohibited|banned|"
            r"(?:not|never) (?:allowed|permitted))\b\s*(?:$|[.;!]))",
            "Unsafe code is forbidden.",
            negative=True,
        ),
        Phrasing(
            r"(?:#!\[)?\b(?:forbid|deny)\s*\(\s*unsafe_code\s*\)",
            "Every crate has #![forbid(unsafe_code)].",
        ),
        Phrasing(
            r"\b(?:write|use|only|100\s?%|purely|stay (?:in|within)|entirely)\s+(?:only\s+|100\s?%\s+|pure"
            r"ly\s+)?"
            rf"safe Rust\b{_WHOLLY}",
            "Write 100% safe Rust.",
        ),
        # The gate cannot see who was asked: what needs leave is shown, not refused.
        Phrasing(
            r"(?:\b(?:no|never|avoid|forbid\w*|not|without|disallow\w*)|n['’]t)\s+(?:use\s+|using\s+|write\s+|"
            rf"introduce\s+|add\s+|any\s+)*{_UNSAFE},?\s+{_UNLESS_ASKED}"
            rf"|{_UNSAFE}\s+(?:is|are)\s+(?:strictly\s+)?(?:forbidden|prohibited|banned|not allowed)\s+"
            rf"{_UNLESS_ASKED}",
            "Do not use unsafe unless explicitly approved.",
            negative=True,
            strength=Strength.SOFT,
        ),
    ),
    params={
        "allowed_paths": Param(tuple, (), "Files that may hold unsafe code, as patterns of paths."),
        "tests": Param(
            bool, False, "Whether test code counts too.", stricter=lambda one, other: one or other
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_ADVICE = "Do it in safe Rust: the standard library and well-kept crates have a safe way for most of it."


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for the keyword in the files in scope."""
    judged = TreeScope(subject, scope)
    failures: list[Finding] = []
    remarks: list[Finding] = []
    unreadable, seen = [], 0
    for path in judged.paths:
        if matches_any(path, params["allowed_paths"]):
            continue
        file = subject.head.rust(path)
        seen += 1
        if b"unsafe" not in file.source:
            continue
        if file.error_lines:
            unreadable.append(file)
            continue
        in_tests = frozenset() if params["tests"] else subject.head.test_lines(path)
        for line, what in _unsafe(file):
            if not judged.holds_line(path, line) or not _touched(judged, file, line):
                continue
            finding = Finding(path, line, what, _ADVICE)
            (remarks if line in in_tests else failures).append(finding)
    remarks += [
        Finding(path, 1, "nothing keeps unsafe code out of this crate", "Add `#![forbid(unsafe_code)]`.")
        for path in judged.paths
        if path in _open_roots(subject.head)
    ]
    evidence = Evidence(
        "measure",
        f"{seen} files looked at, unsafe places: {len(failures)}",
        {"name": "unsafe places", "value": len(failures), "unit": "places", "files": seen},
    )
    good = "no unsafe code in scope"
    return settle(failures, remarks, unreadable, good, "unsafe places where none is allowed: {n}", evidence)


def _touched(judged: TreeScope, file: RustFile, line: int) -> bool:
    around = [item for item in file.items if item.kind == "function" and line in item.lines]
    return not around or judged.holds(file, around[-1])


def _unsafe(file: RustFile) -> Iterator[tuple[int, str]]:
    for node in descend(file.root):
        if node.children or (node.text or b"") != b"unsafe":
            continue
        if what := _said(node):
            yield node.start_point.row + 1, what


def _said(node: Node) -> str:
    """What the keyword begins, in words; empty where it only belongs to a type."""
    parent = node.parent
    holder = parent.parent if parent is not None and parent.type == "function_modifiers" else parent
    kind = holder.type if holder is not None else ""
    if kind in ("function_type", "line_comment", "block_comment", "string_content"):
        return ""
    return {
        "unsafe_block": "an `unsafe` block",
        "function_item": "an `unsafe fn`",
        "function_signature_item": "an `unsafe fn`",
        "impl_item": "an `unsafe impl`",
        "trait_item": "an `unsafe trait`",
        "foreign_mod_item": "an `unsafe extern` block",
        "attribute": "an unsafe attribute",
        "attribute_item": "an unsafe attribute",
    }.get(kind, "`unsafe` in a macro" if kind == "token_tree" else "unsafe code")


def _open_roots(tree: SourceTree) -> frozenset[str]:
    """The root files of crates in which nothing refuses unsafe code."""
    found = set()
    for path in tree.rust_paths:
        if not re.search(r"(?:^|/)src/(?:lib|main)\.rs$", path):
            continue
        manifest = f"{dirname(dirname(path))}/Cargo.toml".lstrip("/")
        if any(_LINT.search(text) for text in tree.rust(path).inner_attributes):
            continue
        if not _lint_in(tree, manifest) and not _lint_in(tree, "Cargo.toml"):
            found.add(path)
    return frozenset(found)


def _lint_in(tree: SourceTree, manifest: str) -> bool:
    if manifest not in tree.paths:
        return False
    try:
        data = tomllib.loads(tree.read(manifest).decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return False  # cargo reports it
    for table in (data.get("lints"), data.get("workspace", {}).get("lints")):
        lint = table.get("rust", {}).get("unsafe_code") if isinstance(table, dict) else None
        level = lint.get("level") if isinstance(lint, dict) else lint
        if level in ("forbid", "deny"):
            return True
    return False
