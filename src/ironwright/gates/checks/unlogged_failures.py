"""Refuses failures that vanish: errors dropped without a log, a reason or a way up.

What it checks:
    On the lines that the change adds (scope ``all``: on every line), code outside of tests, examples and
    build scripts does not drop an error silently: a statement that ends in ``.ok();``; ``let _ =`` before a
    call that returns a Result (by the repository's own signatures, or a well-known one such as
    ``remove_file``, ``send``, ``join`` or ``catch_unwind``); ``Err(_) => {}`` and ``Err(_) => continue``;
    ``if let Err(_) = … {}``; ``filter_map(Result::ok)``; and ``unwrap_or_default()`` on such a call. Left
    alone is what a comment on the line, above it or in the empty block explains, what logs the error,
    ``write!`` and its like (which cannot fail on a String), and ``Drop``, which has nobody to tell.

Why:
    What fails silently is found late, by somebody who has nothing to go by.

Evidence:
    The number of files looked at and of dropped errors found, with and without a reason.

Unknown when:
    The parser finds no sense in a file in scope. Types are not inferred: a Result that no signature of the
    repository and no well-known name shows is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.items import Item, descend, node_text
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import SourceTree, Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_SIGNATURE = re.compile(rb"\bfn\s+(?:r#)?(\w+)\b[^{};]*?(?:->\s*([^{};]+))?(?=[{;])")
_RETURNS_RESULT = re.compile(rb"^(?:\w+::)*\w*Result\b|Future<Output\s*=\s*(?:\w+::)*\w*Result\b")
# Functions of the standard library and of well-known crates that return a Result, by names that mean
# nothing else.
_FALLIBLE = frozenset(
    [
        "remove_file",
        "remove_dir",
        "remove_dir_all",
        "create_dir",
        "create_dir_all",
        "rename",
        "hard_link",
        "set_permissions",
        "read_to_string",
        "read_to_end",
        "read_exact",
        "read_line",
        "write_all",
        "flush",
        "sync_all",
        "sync_data",
        "set_len",
        "send",
        "try_send",
        "send_to",
        "blocking_send",
        "join",
        "catch_unwind",
        "connect",
        "bind",
        "shutdown",
        "set_nonblocking",
        "kill",
        "spawn_blocking",
        "set_read_timeout",
        "set_write_timeout",
        "set_current_dir",
        "canonicalize",
        "wait_with_output",
        "try_lock",
        "from_str",
        "from_utf8",
        "parse",
        "persist",
        "commit",
        "rollback",
    ]
)
# Names that collections have too: without a type nobody knows whose method it is.
_COMMON = frozenset(
    [
        "insert",
        "remove",
        "push",
        "pop",
        "get",
        "get_mut",
        "take",
        "replace",
        "next",
        "set",
        "swap",
        "clone",
        "new",
        "default",
        "len",
        "extend",
        "entry",
        "find",
        "add",
        "append",
        "clear",
        "contains",
        "drain",
        "retain",
        "update",
        "merge",
        "apply",
        "run",
        "call",
    ]
)
_LOGS = re.compile(
    r"\b(?:log|tracing|slog)::\w+!|\b(?:trace|debug|info|warn|error|event|eprintln|println|span|error_span)!|"
    r"\.(?:log|report|record|inspect_err|increment|inc|capture)\w*\("
)

GATE = Gate(
    id="unlogged_failures",
    summary="errors that are dropped without a log or a reason",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:swallow|silently (?:ignore|drop|discard|fail|swallow|catch)|"
            r"(?:ignore|discard|drop|hide|suppress)(?= (?!compil|test|lint|clippy|build|type|warn)(?:\w+ )?"
            r"(?:error|failure|exception|result)s?\b))\w*"
            r"\s*(?:the\s+|any\s+|all\s+)*(?:errors?|failures?|exceptions?|results?)?\b",
            "Never swallow errors.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:silent(?:ly)?|unlogged|swallowed)\s+(?:failures?|errors?|fallbacks?)\b",
            "No silent failures.",
            negative=True,
        ),
        Phrasing(
            r"\blog(?:s|ged|ging)?\b\s+(?:all|every|each|any)\s+(?:\w+\s+)?(?:errors?|failures?)\b"
            r"|\b(?:all|every|each)\s+(?:errors?|failures?)\b[^.;]{0,20}\b(?:logged|reported|traced)\b",
            "Log every error with its context.",
        ),
        Phrasing(
            r"\b(?:proper|appropriate|comprehensive|adequate|good|sufficient)\s+(?:logging|"
            r"observability|"
            r"tracing|instrumentation)\b",
            "Implement proper logging and observability.",
        ),
        Phrasing(
            r"\blet _ ?=(?=[^.;]{0,60}\b(?:results?|errors?)\b)",
            "Never use let _ = to discard errors.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:errors?|failures?|results?)\b[^.;]{0,15}\b(?:must|should|ha(?:s|ve) to)"
            r"\s+(?:always\s+|all\s+)?be\s+(?:\w+,?\s+)?(?:either\s+)?(?:handled|logged|propagated|"
            r"reported)\s+or\s+"
            r"(?:\w+\s+)?(?:handled|logged|propagated|reported)\b",
            "Errors must be handled or logged.",
        ),
        Phrasing(
            r"\b(?:drop|discard|ignore|swallow|lose)\w*\s+(?:it|them|one)\s+(?:silently|quietly)\b|"
            r"\b(?:silently|quietly)\s+(?:drop|discard|ignore|swallow|lose|hide|eat)\w*",
            "Handle every error; never drop it silently.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:add|include|provide|emit)\b[^.;]{0,20}\blog(?:ging|s)?\b[^.;]{0,15}\b(?:for|on|to|in)"
            r"\s+(?:all|every|each|any|the)?\s*(?:error|failure)(?:\s+(?:paths?|cases?|branches|"
            r"conditions?)|s)\b",
            "Add logging for all error paths.",
        ),
    ),
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_ADVICE = "Hand it up with `?`, log it with its context, or say in a comment why it may be dropped."
_Found = tuple[Node, str]


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for errors that are dropped in the code in scope."""
    judged = TreeScope(subject, scope)
    fallible: frozenset[str] | None = None
    failures, unreadable = [], []
    seen = explained = 0
    for path in judged.paths:
        if path in subject.head.test_files or not _is_shipped(path):
            continue
        file = subject.head.rust(path)
        seen += 1
        if file.error_lines:
            unreadable.append(file)
            continue
        if fallible is None:
            fallible = _fallible(subject.head)
        for node, message in _dropped(file, fallible):
            line = _line(node)
            owners = [item for item in file.items if item.start_byte <= node.start_byte < item.end_byte]
            if _is_exempt(owners) or not _is_touched(judged, file, node):
                continue
            functions = [item for item in owners if item.kind == "function"]
            if functions and not judged.holds(file, functions[-1]):
                continue
            if _is_explained(file, node):
                explained += 1
            else:
                failures.append(Finding(path, line, message, _ADVICE))
    evidence = Evidence(
        "measure",
        f"{seen} files looked at, {len(failures)} errors dropped silently and {explained} with a reason",
        {
            "name": "dropped errors",
            "value": len(failures),
            "unit": "places",
            "explained": explained,
            "files": seen,
        },
    )
    good = "no error is dropped silently" if seen else "no code in scope"
    return settle(
        tuple(dict.fromkeys(failures)), (), unreadable, good, "{n} errors are dropped silently", evidence
    )


def _is_shipped(path: str) -> bool:
    parts = path.split("/")
    return parts[-1] != "build.rs" and not {"examples", "benches", "tests", "xtask"} & set(parts[:-1])


def _fallible(tree: SourceTree) -> frozenset[str]:
    """The names of functions that return a Result wherever the tree declares them, and well-known ones."""
    fails: set[bytes] = set()
    others: set[bytes] = set()
    for path in tree.rust_paths:
        for found in _SIGNATURE.finditer(tree.read(path)):
            (fails if _RETURNS_RESULT.search((found[2] or b"").strip()) else others).add(found[1])
    own = {name.decode() for name in fails - others} - _COMMON
    return frozenset(own | (_FALLIBLE - {name.decode() for name in others}))


def _dropped(file: RustFile, fallible: frozenset[str]) -> Iterator[_Found]:
    for node in descend(file.root):
        if node.type == "expression_statement" and node.children[-1].type == ";":
            if _last_method(node.children[0]) == "ok":
                yield node, "`.ok();` drops the error"
        elif node.type == "let_declaration":
            yield from _ignored(node, fallible)
        elif node.type == "match_arm":
            yield from _empty_arm(node)
        elif node.type == "if_expression":
            yield from _empty_branch(node)
        elif node.type == "call_expression":
            yield from _in_chains(node, fallible)


def _ignored(node: Node, fallible: frozenset[str]) -> Iterator[_Found]:
    pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
    if pattern is None or value is None or node_text(pattern) != "_":
        return
    if value.type == "await_expression":
        value = value.children[0]
    name = _called(value)
    if name in fallible:
        yield node, f"`let _ =` drops the error of `{name}`"


def _empty_arm(node: Node) -> Iterator[_Found]:
    pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
    if pattern is None or value is None or not _is_ignored_error(pattern):
        return
    text = "".join(node_text(value).split()).rstrip(",;")
    if text in ("{}", "()", "{()}", "continue", "{continue;}", "{continue}") or _is_empty_block(value):
        yield node, f"`{' '.join(node_text(pattern).split())} => {text[:20]}` drops the error"


def _empty_branch(node: Node) -> Iterator[_Found]:
    condition = node.child_by_field_name("condition")
    block = node.child_by_field_name("consequence")
    if condition is None or condition.type != "let_condition" or block is None or not _is_empty_block(block):
        return
    pattern = condition.child_by_field_name("pattern")
    if pattern is not None and re.match(r"\s*(?:Result::)?Err\b", node_text(pattern)):
        yield node, "`if let Err(…)` with an empty block drops the error"


def _in_chains(node: Node, fallible: frozenset[str]) -> Iterator[_Found]:
    called = node.child_by_field_name("function")
    field = (
        called.child_by_field_name("field")
        if called is not None and called.type == "field_expression"
        else None
    )
    arguments = node.child_by_field_name("arguments")
    if called is None or field is None or arguments is None:
        return
    name, inside = node_text(field), "".join(node_text(arguments).split())
    if name in ("filter_map", "flat_map") and re.fullmatch(
        r"\((?:(?:\w+::)*Result::ok|\|(\w+)(?::[^|]*)?\|\1\.ok\(\))\)", inside
    ):
        yield node, f"`{name}(Result::ok)` drops every error on the way"
    elif name == "unwrap_or_default":
        receiver = called.child_by_field_name("value")
        if receiver is not None and receiver.type == "await_expression":
            receiver = receiver.children[0]
        source = _called(receiver) if receiver is not None else ""
        if source in fallible:
            yield field, f"`unwrap_or_default()` puts a default in the place of the error of `{source}`"


def _called(node: Node) -> str:
    """The name of the function or method whose value an expression is; empty where it is no call."""
    if node.type != "call_expression":
        return ""
    called = node.child_by_field_name("function")
    if called is not None and called.type == "generic_function":
        called = called.child_by_field_name("function")
    if called is None:
        return ""
    field = called.child_by_field_name("field") if called.type == "field_expression" else None
    return node_text(field) if field is not None else node_text(called).rsplit("::", 1)[-1]


def _last_method(node: Node) -> str:
    called = node.child_by_field_name("function") if node.type == "call_expression" else None
    return _called(node) if called is not None and called.type == "field_expression" else ""


def _is_ignored_error(pattern: Node) -> bool:
    return re.fullmatch(r"(?:Result::)?Err\((?:_\w*|\.\.)\)", "".join(node_text(pattern).split())) is not None


def _is_empty_block(node: Node) -> bool:
    return node.type == "block" and not [c for c in node.named_children if "comment" not in c.type]


def _is_exempt(owners: list[Item]) -> bool:
    if any(item.in_test or item.kind == "macro" for item in owners):
        return True
    return any(item.kind == "impl" and re.match(r"(?:\w+::)*Drop for ", item.name) for item in owners)


def _line(node: Node) -> int:
    return node.start_point.row + 1


def _is_touched(judged: TreeScope, file: RustFile, node: Node) -> bool:
    return any(judged.holds_line(file.path, n) for n in range(_line(node), node.end_point.row + 2))


def _is_explained(file: RustFile, node: Node) -> bool:
    """Whether a comment gives a reason, or the error is logged on the way."""
    if _LOGS.search(node_text(node)):
        return True
    statement = node
    while statement.parent is not None and statement.parent.type not in (
        "block",
        "match_block",
        "declaration_list",
    ):
        statement = statement.parent
    first, last = _line(statement), node.end_point.row + 1
    return any(
        len(re.findall(r"\w{2,}", comment.text)) >= 2
        and (first <= comment.line <= last or comment.end_line == first - 1)
        for comment in file.comments
    )
