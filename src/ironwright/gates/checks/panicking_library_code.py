"""Refuses library code that panics by its own words: unwrap, expect, panic! and their like.

What it checks:
    On the lines that the change adds (scope ``all``: on every line), library code does not call what
    ``forbid`` names: ``.unwrap()``, ``.expect("…")``, ``panic!``, ``unreachable!``, ``todo!`` and
    ``unimplemented!``; on request also ``assert!`` and its kin, and indexing. Library code is what belongs
    to a package's library target; ``code = "all"`` takes in binaries, examples and build scripts. Tests
    never count, nor do constants (they panic when compiling), macros that are exported, named after
    asserting or called by no code outside tests, ``debug_assert!``, and an ``expect`` that takes no message
    (a parser's own). A panic that the function's documentation promises under ``# Panics`` is a remark
    unless ``allow_documented`` is off.

Why:
    A library that panics takes its caller down; a Result lets the caller decide.

Evidence:
    The number of library files looked at and of calls found, by kind.

Unknown when:
    The parser finds no sense in a file in scope. What a macro of another crate expands to
    is not seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.docs import has_heading
from ironwright.gates.rust.expressions import Use, uses
from ironwright.gates.rust.items import Item
from ironwright.gates.rust.modules import library_files
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.rust.tests import is_asserting_macro
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_KINDS = {
    "unwrap": "unwrap",
    "unwrap_err": "unwrap",
    "expect": "expect",
    "expect_err": "expect",
    "panic": "panic",
    "unreachable": "unreachable",
    "todo": "todo",
    "unimplemented": "unimplemented",
    "assert": "assert",
    "assert_eq": "assert",
    "assert_ne": "assert",
}
_METHODS = frozenset({"unwrap", "unwrap_err", "expect", "expect_err"})
_MESSAGES = frozenset({"string_literal", "raw_string_literal", "macro_invocation", "reference_expression"})
_EVERY = ("unwrap", "expect", "panic", "unreachable", "todo", "unimplemented")
_UNWRAP = (
    r"(?P<forbid>`?\.?\bunwrap(?:\(\))?`?"
    r"(?:\s*(?:/|,\s*(?:and\s+|or\s+)?no\b|,|or|and|&)\s*`?\.?expect(?:\((?:\.\.\.|…|\"[^\"]*\")?\))?`?)?)"
)
# "… in library code" says which code is meant; without it the rule holds everywhere but in tests.
_IN_LIBRARY = (
    r"(?:[^.;]{0,40}?\b(?:in|from|inside)\s+(?:any\s+|the\s+|your\s+|our\s+)?)librar(?:y|ies)\b"
    r"(?!\s*(?:/|,|and|or)\s*(?:production|application|binar))"
)

GATE = Gate(
    id="panicking_library_code",
    summary="library code that panics by its own words",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\bpanic(?:s|king)?\b!?[^.;]{0,30}\b(?:in|inside|from)\s+(?:any\s+|the\s+|your\s+)?librar(?:y|"
            r"ies)\b"
            r"|\blibrar(?:y|ies)(?: code)?\s+(?:must|should|can|may|shall)\s*(?:not|never)\s+panic",
            "Don't panic in library code.",
            negative=True,
        ),
        Phrasing(
            rf"{_UNWRAP}[^.;]{{0,40}}?\b(?:in|from|inside)\s+(?:any\s+|the\s+|your\s+)?"
            r"(?:library\s*(?:/|,|and|or)\s*)?(?:production|non-test|application|shipped|prod)\b",
            "No .unwrap() in production code paths.",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            rf"{_UNWRAP}[^.;]{{0,30}}?\b(?:outside(?: of)?|(?:except|other than|unless) in)\s+"
            r"(?:the\s+|of\s+)?(?:#\[cfg\(test\)\]|(?:unit\s+)?tests?\b)",
            "Avoid .unwrap() except in tests.",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            rf"{_UNWRAP}\s+(?:is|are)\s+(?:strictly\s+)?(?:forbidden|banned|prohibited|not allowed)\b",
            "unwrap() and expect() are forbidden in all code.",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            rf"^(?!.*\blibrar(?:y|ies)\b).*?"
            rf"\b(?:never|avoid|no|don't|do not)\b:?(?:\s+(?:use|using|call|calling|any))?\s+{_UNWRAP}"
            r"\s*(?:$|[.,;:—–(-])",
            "Never use unwrap() or expect().",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            r"\b(?:panic(?:s|king)?|panic-prone)\b[^.;]{0,30}\b(?:in|from)\s+production\b",
            "Never panic in production code.",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            r"\b(?:never|not|n't)\s+(?:ever\s+)?panic\b(?!!|\s+(?:if|when|about|because|in|inside|from|"
            r"on|mode|handler|button))",
            "Never panic.",
            negative=True,
        ),
        Phrasing(
            rf"{_UNWRAP}(?:\s+(?:calls?|and panics?))?\s+(?:is|are|may be|must be)\s+(?:only|acceptable "
            rf"only|allowed only|"
            r"permitted only|reserved|limited|fine only)\b[^.;]{0,30}\b(?:tests?|examples?|prototypes?|"
            r"#\[cfg\(test\)\])",
            "unwrap() is only allowed in tests.",
            params={"code": "all"},
        ),
        Phrasing(
            rf"(?:\?|\bResults?\b|\bmatch\b|if let|propagat\w*|context\(\)|\berrors?\b)"
            rf"[^.;]{{0,30}}?(?:instead of|rather than|over|,? never|,? not)\s+"
            rf"(?:us\w+\s+|call\w*\s+|to\s+)?{_UNWRAP}",
            "Use ? instead of unwrap().",
            params={"code": "all"},
        ),
        Phrasing(
            r"\b(?:return|propagat|handle|use|emit)\w*\b[^.;]{0,30}\b(?:errors?|Results?)\b[^.;]{0,20}"
            r"\b(?:instead of|rather than|never|not)\s+(?:\w+\s+)?panic\w*",
            "Return errors instead of panicking.",
        ),
        Phrasing(
            rf"^(?!.*\blibrar(?:y|ies)\b).*?\b(?:without|free of|no)\s+(?:any\s+)?(?:uses? of\s+|"
            rf"calls? to\s+)?{_UNWRAP}(?=\s*(?:$|"
            rf"[.;,)]|calls?\s*(?:$|[.;,])))",
            "Handle all errors without unwrap().",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            rf"\b(?:production|library|application|non-test|shipped)\s+(?:rust\s+)?(?:code|paths?|"
            rf"crates?)\s+(?:must|should|may|can|does|do)"
            rf"(?:n't| not| never)\s+(?:ever\s+)?(?:contain|use|call|have|include)\s+(?:any\s+)?{_UNWRAP}",
            "Production code must not contain unwrap().",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            r"\blibrar(?:y|ies)\b[^.]{0,40}\b(?:do|does|must|should|may|can|never)\s*(?:n't|not|"
            r"never)?\s*(?:ever\s+)?panic\b(?!!)",
            "Libraries return Result; they do not panic.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:no|avoid|without|zero)\s+(?:hidden\s+|any\s+|explicit\s+)?panics?\b(?!!|\s+(?:mode|"
            r"handlers?|button|about|if|when|in tests?|messages?|hooks?))",
            "Avoid panics.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:use|using|call|calling|have)\s+(?:any\s+)?(?:panic!?(?:\(\))?,?\s*(?:or\s+|"
            r"and\s+)?unwraps?\b|unwraps\b)",
            "Never use panic, unwrap, or expect.",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            rf"{_UNWRAP}{_IN_LIBRARY}",
            "Avoid unwrap() and expect() in library code.",
            params={"code": "library"},
            negative=True,
        ),
        Phrasing(
            r"\b(?:no|never|avoid|without)\s+(?:use\s+|call\s+|using\s+|any\s+)?`?(?P<forbid>(?:panic|unwrap|"
            r"expect|todo|unimplemented|unreachable)!(?:\(\))?(?:\s*(?:,|/|or|and|nor)+\s*(?:no\s+)?`?\.?(?:"
            r"panic|unwrap|expect|todo|unimplemented|unreachable)!?(?:\(\))?`?)*)\s*(?:$|[.,;:—–(-])",
            "No panic!, no unreachable!.",
            params={"code": "all"},
            negative=True,
        ),
        Phrasing(
            r"\bResults?\b(?:<[^>]*>)?\s+(?:over|instead of|"
            r"rather than)\s+(?P<forbid>(?:`?\.?(?:panic|unwrap|"
            r"expect)!?(?:\(\))?`?(?:(?:\s*(?:,|/|\bor\b|\band\b))+\s*)?){2,})[^.;]{0,20}\blibrar(?:y|ies)\b",
            "Prefer Result over panic!, unwrap(), or expect() in library code.",
            params={"code": "library"},
        ),
        Phrasing(
            r"(?P<forbid>\bpanic\w*\b[^.;]{0,30}\blibrar(?:y|ies)\b[^.;]{0,20}?\bno\b\s+`?\.?(?:unwrap|expect)\b"
            r"[^;]*)",
            "Never panic in library code: no unwrap, no expect.",
            params={"code": "library"},
            negative=True,
        ),
        Phrasing(
            rf"\blibrar(?:y|ies)\b(?:\s+(?:code|crates?))?\s*(?::|[—–-]|must|should|may)[^.;]{{0,20}}?\b(?:never|no|"
            rf"not|avoid|without)\b[^.;]{{0,15}}?{_UNWRAP}",
            "Library code: no unwrap().",
            params={"code": "library"},
            negative=True,
        ),
    ),
    params={
        "code": Param(
            str,
            "library",
            "Which code is judged: `library` targets, or `all` code but tests.",
            stricter=min,  # "all" is more than "library", and sorts before it
            allowed=("all", "library"),
        ),
        "forbid": Param(tuple, _EVERY, "What must not be called.", allowed=(*_EVERY, "assert", "index")),
        "allow_documented": Param(
            bool,
            True,
            "Whether a panic that the function documents under `# Panics` is allowed.",
            stricter=lambda one, other: one and other,
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for what panics in the library code in scope."""
    judged, forbidden = TreeScope(subject, scope), frozenset(params["forbid"])
    library = library_files(subject.head) if params["code"] == "library" else None
    failures, remarks, unreadable = [], [], []
    seen, counts = 0, Counter[str]()
    for path in judged.paths:
        if path in subject.head.test_files or (library is not None and path not in library):
            continue
        file = subject.head.rust(path)
        seen += 1
        if file.error_lines:
            unreadable.append(file)
            continue
        for kind, use, owner in (*_panics(file, forbidden), *_in_macros(subject, file, forbidden)):
            if not judged.holds_line(path, use.line) or (owner and not judged.holds(file, owner)):
                continue
            if params["allow_documented"] and owner and has_heading(owner.doc or "", "panics"):
                remarks.append(Finding(path, use.line, f"`{owner.name}` may panic and documents it"))
                continue
            counts[kind] += 1
            where = f" in `{owner.name}`" if owner else ""
            failures.append(Finding(path, use.line, f"{_shown(use)}{where} may panic", _ADVICE))
    found = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())) or "none"
    what = "library files" if library is not None else "files"
    evidence = Evidence(
        "measure",
        f"{what} looked at: {seen}; calls that panic: {found}",
        {"name": "calls that panic", "value": counts.total(), "unit": "calls", "by_kind": dict(counts)},
    )
    good = f"no panicking calls in the {what} in scope" if seen else f"no {what} in scope"
    return settle(failures, remarks, unreadable, good, f"calls that may panic in {what}: {{n}}", evidence)


_ADVICE = "Return a Result or an Option and let the caller decide (`?`, `ok_or_else`, `unwrap_or`)."


def _panics(file: RustFile, forbidden: frozenset[str]) -> Iterator[tuple[str, Use, Item | None]]:
    """What panics outside of tests, constants and macro definitions, with the function that it stands in."""
    functions = file.functions
    for use in uses(file.root):
        kind = _KINDS.get(use.name)
        if kind is None or kind not in forbidden or not _is_panic(use) or _is_exempt(use.node):
            continue
        start = use.node.start_byte
        if any(item.in_test for item in file.items if item.start_byte <= start < item.end_byte):
            continue
        around = [item for item in functions if item.start_byte <= start < item.end_byte]
        yield kind, use, around[-1] if around else None
    if "index" in forbidden:
        yield from _indexing(file)


def _in_macros(
    subject: Subject, file: RustFile, forbidden: frozenset[str]
) -> Iterator[tuple[str, Use, Item | None]]:
    """What panics in the macros of a file that code outside of tests calls.

    Macros for callers elsewhere, and those that assert by their names, decide for themselves.
    """
    for item in file.items:
        if item.kind != "macro" or item.in_test or is_asserting_macro(item.name):
            continue
        if any(attribute_name(text) == "macro_export" for text in item.attributes):
            continue
        if not _is_called(subject, file, item.name):
            continue
        for use in uses(item.node):
            kind = _KINDS.get(use.name)
            if kind in forbidden and use.in_macro and (use.kind == "macro" or _is_bare_unwrap(use)):
                yield kind, use, None


def _is_called(subject: Subject, file: RustFile, name: str) -> bool:
    """Whether code outside of tests calls a macro, in its own file or in another of the tree."""
    call = re.compile(rb"\b" + name.encode() + rb"\s*!\s*[(\[{]")
    for path in subject.head.rust_paths:
        if path in subject.head.test_files or not call.search(subject.head.read(path)):
            continue
        other = subject.head.rust(path)
        tests = other.test_lines
        inside = [range(i.line, i.end_line + 1) for i in other.items if i.kind == "macro"]
        for found in call.finditer(other.source):
            line = other.line_of(found.start())
            if line not in tests and not any(line in lines for lines in inside):
                return True
    return False


def _is_bare_unwrap(use: Use) -> bool:
    text = "".join((use.arguments.text or b"").decode("utf-8", "replace").split()) if use.arguments else ""
    return use.kind == "method" and (text == "()" if use.name.startswith("unwrap") else text.startswith('("'))


def _indexing(file: RustFile) -> Iterator[tuple[str, Use, Item | None]]:
    for item in file.functions:
        if item.in_test or item.body is None:
            continue
        stack = [item.body]
        while stack:
            node = stack.pop()
            if node.type == "index_expression":
                yield "index", Use("method", "[…]", "[…]", node.start_point.row + 1, node, None), item
            stack.extend(child for child in node.children if child.type != "function_item")


def _is_panic(use: Use) -> bool:
    """Whether a call is the standard library's: ``unwrap()`` without arguments, ``expect`` with a message."""
    if use.name not in _METHODS:
        return use.kind == "macro"
    if use.kind != "method" or use.arguments is None:
        return False
    arguments = [child for child in use.arguments.children if child.is_named]
    if use.name.startswith("unwrap"):
        return not arguments
    return len(arguments) >= 1 and arguments[0].type in _MESSAGES


def _is_exempt(node: Node) -> bool:
    """Whether a node runs when compiling, or stands in a macro's definition or a debug assertion."""
    in_closure = False
    current: Node | None = node
    while current is not None:
        if current.type == "closure_expression":
            in_closure = True
        elif current.type in ("const_item", "const_block", "macro_definition") or (
            current.type == "static_item" and not in_closure
        ):
            return True
        elif current.type == "macro_invocation" and current is not node:
            called = current.child_by_field_name("macro")
            if called is not None and (called.text or b"").startswith(b"debug_assert"):
                return True
        current = current.parent
    return False


def _shown(use: Use) -> str:
    if use.name == "[…]":
        return "indexing"
    return f"`.{use.name}()`" if use.kind == "method" else f"`{use.name}!`"
